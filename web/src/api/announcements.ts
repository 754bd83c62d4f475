import { create, get, patch, post, put, remove } from './http'
import type { Instant } from './types'

export interface Announcement {
  id: number
  name: string
  title_zh: string
  title_en: string
  prompt: string
  /** None: for the callers of all queues. */
  queues: string[]
  /** Whether it ends the call. */
  hang_up: boolean
  is_on: boolean
  /** On, begun and not over: callers hear it now. */
  is_heard: boolean
  from_at: Instant | null
  until_at: Instant | null
  switched_at: Instant | null
  switched_by: 'page' | 'phone' | null
  switched_by_name: string | null
}

export type AnnouncementInput = Pick<Announcement, 'title_zh' | 'title_en' | 'prompt' | 'queues' | 'hang_up'>

export interface AnnouncementAct {
  at: Instant
  act: 'added' | 'changed' | 'on' | 'off' | 'deleted'
  by: 'page' | 'phone'
  user_name: string | null
  from_at: Instant | null
  until_at: Instant | null
}

/** How one is known by telephone; `set_at` is null when one has no PIN. */
export interface PhoneAccess {
  staff_number: string | null
  set_at: Instant | null
  locked_until: Instant | null
}

export const listAnnouncements = (): Promise<{ items: Announcement[] }> => get('/announcements')
export const createAnnouncement = (name: string, input: AnnouncementInput): Promise<Announcement> =>
  create('/announcements', { ...input, name })
export const changeAnnouncement = (id: number, input: AnnouncementInput): Promise<Announcement> => patch(`/announcements/${id}`, input)
export const removeAnnouncement = (id: number): Promise<unknown> => remove(`/announcements/${id}`)
export const switchAnnouncement = (id: number, on: boolean, untilAt: Instant | null, fromAt: Instant | null = null): Promise<Announcement> =>
  post(`/announcements/${id}/switch`, { on, until_at: untilAt, from_at: fromAt })
export const readAnnouncementHistory = (id: number): Promise<{ items: AnnouncementAct[] }> => get(`/announcements/${id}/history`)

export const readPhoneAccess = (): Promise<PhoneAccess> => get('/phone-access')
export const setOwnPin = (pin: string): Promise<PhoneAccess> => put('/phone-access', { pin })
export const endPhoneAccess = (): Promise<unknown> => remove('/phone-access')

import { create, get, post, put, remove } from './http'
import type { Instant } from './types'

/** From a time of day (`09:00`) to another; one that is not later lies on the next day. */
export interface Span {
  from: string
  to: string
}

/** A date with hours of its own; without any it is closed. */
export interface SpecialDay {
  date: string
  title_zh: string
  title_en: string
  hours: Span[]
}

export interface Calendar {
  id: number
  name: string
  title_zh: string
  title_en: string
  time_zone: string
  /** Monday first. */
  week: Span[][]
  days: SpecialDay[]
  now: { open: boolean; reason: 'hours' | 'holiday' | 'closed'; opens_at: Instant | null; closes_at: Instant | null; day: SpecialDay | null }
}

export type CalendarInput = Pick<Calendar, 'title_zh' | 'title_en' | 'time_zone' | 'week'>

/** A cell of a file that cannot be taken; with an empty column the whole row. */
export interface RowProblem {
  line: number
  column: string
  code: string
  detail: string
}

export interface DaysImported {
  applied: boolean
  added: number
  changed: number
  same: number
  days: SpecialDay[]
  problems: RowProblem[]
}

export const listCalendars = (): Promise<{ items: Calendar[] }> => get('/calendars')
export const createCalendar = (name: string, input: CalendarInput): Promise<Calendar> => create('/calendars', { ...input, name })
export const changeCalendar = (id: number, input: CalendarInput): Promise<Calendar> => put(`/calendars/${id}`, input)
export const removeCalendar = (id: number): Promise<unknown> => remove(`/calendars/${id}`)
export const writeDay = (id: number, { date, ...day }: SpecialDay): Promise<SpecialDay> => put(`/calendars/${id}/days/${date}`, day)
export const removeDay = (id: number, date: string): Promise<unknown> => remove(`/calendars/${id}/days/${date}`)
export const importDays = (id: number, csv: string, apply: boolean): Promise<DaysImported> => post(`/calendars/${id}/days/import`, { csv, apply })

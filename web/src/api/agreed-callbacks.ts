import { create, get, post } from './http'
import type { Instant, Page } from './types'

interface Named {
  id: number
  name: string
}

/** Somebody to be called back at a time that was agreed; `agent` null: by any agent of `queue`. */
export interface AgreedCallback {
  id: number
  number: string | null
  number_display: string | null
  customer: Named | null
  due_at: Instant
  time_zones: string[]
  agent: Named | null
  queue: string | null
  note: string | null
  /** How many promises the one call keeps, and what was noted with those before. */
  promises: number
  earlier: string[]
  promised_by: Named | null
  promised_at: Instant
  state: 'open' | 'done' | 'cancelled'
  ended_at: Instant | null
}

export interface Agreement {
  number: string
  at: Instant
  queue: string | null
  note: string | null
}

export const listAgreed = (): Promise<Page<AgreedCallback>> => get('/callbacks', { limit: 100 })
export const agree = (agreement: Agreement): Promise<AgreedCallback> => create('/callbacks', agreement)
export const callBack = (id: number): Promise<unknown> => post(`/callbacks/${id}/dial`)
export const postpone = (id: number, at: Instant, note: string | null): Promise<AgreedCallback> =>
  post(`/callbacks/${id}/postpone`, { at, note })
export const finishAgreed = (id: number): Promise<unknown> => post(`/callbacks/${id}/done`)
export const cancelAgreed = (id: number): Promise<unknown> => post(`/callbacks/${id}/cancel`)
export const reopenAgreed = (id: number): Promise<AgreedCallback> => post(`/callbacks/${id}/reopen`)

import { get, post } from './http'
import type { Instant, Page } from './types'

export type CallbackState = 'waiting' | 'dialling' | 'answered' | 'busy' | 'no_answer' | 'failed' | 'unknown' | 'expired' | 'cancelled' | 'refused'

/** A caller who keeps his place in the line; `place` is 1 for the head, while he waits. */
export interface QueueCallback {
  id: string
  call_id: string
  queue: string
  number: string | null
  language: string | null
  promised_at: Instant
  state: CallbackState
  place: number | null
  dialled_at: Instant | null
  ended_at: Instant | null
}

export const listCallbacks = (): Promise<{ items: QueueCallback[] }> => get('/queue-callbacks')
export const listEndedCallbacks = (): Promise<Page<QueueCallback>> => get('/queue-callbacks/ended', { limit: 10 })
export const cancelCallback = (id: string): Promise<unknown> => post(`/queue-callbacks/${encodeURIComponent(id)}/cancel`)

import { post } from './http'
import type { Instant } from './types'

/** What would come of dialling a number now. */
export interface DialCheck {
  /** As it would be dialled: E.164, or an extension. */
  number: string
  display: string
  outside: boolean
  /** Those in which the person may be. */
  time_zones: string[]
  refusal: { code: string; detail: string; until: Instant | null } | null
}

export const checkDial = (number: string): Promise<DialCheck> => post('/agent/call/dial/check', { number })
export const dial = (number: string): Promise<unknown> => post('/agent/call/dial', { number })

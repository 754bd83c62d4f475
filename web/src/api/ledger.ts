import { get } from './http'
import type { Instant, Page } from './types'

export type LedgerState = 'starting' | 'checking' | 'waiting' | 'unreadable' | 'database_down'

export interface LedgerDay {
  /** A day of UTC, as `2026-11-22`. */
  day: string
  channels: number
  matched: number
  filled: number
  lone_legs: number
}

export interface LedgerSummary {
  state: LedgerState
  code: string | null
  checked_to: Instant | null
  queue_log: boolean
  broken_lines: number
  channels: number
  matched: number
  filled: number
  unmatched: number
  gaps: number
  days: LedgerDay[]
}

export interface LedgerFinding {
  id: number
  kind: string
  at: Instant
  uniqueid: string
  call_id: string | null
  field: string | null
  ours: string | null
  theirs: string | null
  settled_at: Instant | null
}

export interface LedgerGap {
  node: string
  from_at: Instant | null
  to_at: Instant
  reason: string
}

export interface LedgerSpan {
  from?: string | null
  to?: string | null
}

export const readLedger = (span: LedgerSpan): Promise<LedgerSummary> => get('/ledger', { ...span })

export const listFindings = (span: LedgerSpan, onlyOpen: boolean, cursor: string | null): Promise<Page<LedgerFinding>> =>
  get('/ledger/findings', { ...span, open: onlyOpen ? 'true' : null, cursor, limit: 20 })

export const listGaps = (span: LedgerSpan, cursor: string | null): Promise<Page<LedgerGap>> =>
  get('/ledger/gaps', { ...span, cursor, limit: 20 })

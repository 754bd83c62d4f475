import { get } from './http'
import type { LedgerFinding, LedgerGap, LedgerSummary, Page } from './types'

export interface LedgerSpan {
  from?: string | null
  to?: string | null
}

export const readLedger = (span: LedgerSpan): Promise<LedgerSummary> => get('/ledger', { ...span })

export const listFindings = (span: LedgerSpan, onlyOpen: boolean, cursor: string | null): Promise<Page<LedgerFinding>> =>
  get('/ledger/findings', { ...span, open: onlyOpen ? 'true' : null, cursor, limit: 20 })

export const listGaps = (span: LedgerSpan, cursor: string | null): Promise<Page<LedgerGap>> =>
  get('/ledger/gaps', { ...span, cursor, limit: 20 })

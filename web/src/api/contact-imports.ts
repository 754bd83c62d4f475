import type { RowProblem } from './hours'
import { addressOf, create, get, post, remove, sendFile } from './http'
import type { Instant, Language } from './types'

export type ImportState = 'waiting' | 'running' | 'done' | 'failed' | 'undoing' | 'undone'

/** Counts are rows; `share_read` goes from 0 to 1. */
export interface ContactImport {
  id: number
  source: 'file' | 'customers' | 'sample'
  file_name: string | null
  state: ImportState
  share_read: number | null
  rows_read: number
  added: number
  refused: number
  fault: { code: string; detail: string } | null
  created_at: Instant
  started_at: Instant | null
  ended_at: Instant | null
  undone_at: Instant | null
  /** Another import of this very file that was done. */
  same_file_as: number | null
}

/** How a file is read; what is null is found out. `mapping` says what each column is. */
export interface FileReading {
  encoding: string | null
  delimiter: string | null
  header: boolean | null
  region: string | null
  mapping: Record<string, string> | null
}

/** What a file seems to hold; `problems` are those of the first `rows_looked_at` rows. */
export interface FilePreview {
  format: string
  encoding: string | null
  delimiter: string | null
  header: boolean
  region: string
  columns: string[]
  mapping: Record<string, string>
  rows: string[][]
  rows_looked_at: number
  good: number
  mapping_problems: RowProblem[]
  problems: RowProblem[]
}

export interface CustomersPart {
  languages: Language[]
  products: string[]
}

export interface RenewalsFound {
  found: number
  in_campaign: number
  without_number: number
  first: { subscription_id: number; name: string; phones: string[]; product: string; ends_on: string }[]
  contact_import: ContactImport | null
}

export interface SampleDrawn {
  seed: string
  population: number
  drawn: number
  strata: { name: string; population: number; drawn: number }[]
  repeats: boolean
  contact_import: ContactImport
}

/** For so long the service receives a large file, and works on one. */
const UPLOAD_MS = 900_000
const WORK_MS = 60_000
const DRAW_MS = 120_000
const MEDIA_TYPES: Record<string, string> = { xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' }

const at = (campaign: number, part = ''): string => `/campaigns/${campaign}/imports${part}`

export const listImports = (campaign: number): Promise<{ items: ContactImport[] }> => get(at(campaign))
export const readImport = (campaign: number, id: number): Promise<ContactImport> => get(at(campaign, `/${id}`))
export const previewImport = (campaign: number, id: number, reading: FileReading): Promise<FilePreview> => post(at(campaign, `/${id}/preview`), reading, WORK_MS)
export const runImport = (campaign: number, id: number, reading: FileReading): Promise<ContactImport> => post(at(campaign, `/${id}/run`), reading, WORK_MS)
export const undoImport = (campaign: number, id: number): Promise<ContactImport> => post(at(campaign, `/${id}/undo`))
export const removeImport = (campaign: number, id: number): Promise<unknown> => remove(at(campaign, `/${id}`))
export const listRefused = (campaign: number, id: number): Promise<{ items: RowProblem[] }> => get(at(campaign, `/${id}/refused`))
export const refusedAddress = (campaign: number, id: number): string => addressOf(at(campaign, `/${id}/refused.csv`))

export function sendContacts(campaign: number, file: File, progress: (share: number) => void): Promise<{ contact_import: ContactImport; preview: FilePreview }> {
  const type = MEDIA_TYPES[file.name.split('.').pop()?.toLowerCase() ?? ''] ?? 'text/csv'
  return sendFile('POST', `${at(campaign)}?name=${encodeURIComponent(file.name.slice(0, 200))}`, file, progress, type, UPLOAD_MS)
}

export const findRenewals = (campaign: number, ends_in_days: number, customers: CustomersPart, apply: boolean): Promise<RenewalsFound> =>
  post(`/campaigns/${campaign}/renewals`, { ends_in_days, customers, apply }, WORK_MS)
export const drawSample = (campaign: number, size: number, by: string[], customers: CustomersPart): Promise<SampleDrawn> =>
  create(`/campaigns/${campaign}/samples`, { size, by, customers }, DRAW_MS)

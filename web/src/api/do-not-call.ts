import type { RowProblem } from './hours'
import { addressOf, create, get, post, remove, sendFile } from './http'
import type { Instant, Page } from './types'

export type Level = 'global' | 'client' | 'campaign'
export type Source = 'key' | 'agent' | 'person' | 'api' | 'import'

/** One reason not to call a number; `counts` says whether it does now. */
export interface Entry {
  id: number
  number: string
  level: Level
  /** Of the client or the campaign. */
  name: string | null
  source: Source
  reason: string | null
  call_id: string | null
  import_id: string | null
  added_at: Instant
  added_by: string | null
  expires_at: Instant | null
  removed_at: Instant | null
  removed_by: string | null
  import_undone_at: Instant | null
  counts: boolean
}

export interface Placing {
  level: Level
  name: string | null
  reason: string | null
  expires_at: Instant | null
}

export interface EntryFilter {
  q: string
  counts: 'yes' | 'no' | 'all'
  level: Level | ''
  source: Source | ''
}

/** A file that is looked at, or one that was imported; `bad` rows are left out. */
export interface NumberImport {
  id: string
  file_name: string
  state: 'checking' | 'checked' | 'importing' | 'failed' | 'imported' | 'undone'
  progress: number
  level: Level
  name: string | null
  rows: number
  new: number
  known: number
  repeated: number
  bad: number
  failure: string | null
  columns: string[]
  column: number | null
  examples: { line: number; given: string; number: string }[]
  problems: RowProblem[]
  imported_at: Instant | null
  imported_by: string | null
  undone_at: Instant | null
  undone_by: string | null
}

const LIST = '/do-not-call'

export const listEntries = (filter: EntryFilter, cursor: string | null): Promise<Page<Entry>> => get(LIST, { ...filter, cursor, limit: 50 })
export const addEntry = (number: string, placing: Placing): Promise<{ added: boolean; entry: Entry }> => create(LIST, { number, ...placing })
export const removeEntry = (id: number): Promise<Entry> => post(`${LIST}/${id}/remove`)
export const restoreEntry = (id: number): Promise<Entry> => post(`${LIST}/${id}/restore`)
export const exportAddress = (): string => addressOf(`${LIST}/export`)

export const listImports = (cursor: string | null): Promise<Page<NumberImport>> => get(`${LIST}/imports`, { cursor, limit: 10 })
export const readImport = (id: string): Promise<NumberImport> => get(`${LIST}/imports/${id}`)
export const checkImport = (id: string, column: number, placing: Placing): Promise<NumberImport> => post(`${LIST}/imports/${id}/check`, { column, ...placing })
export const applyImport = (id: string): Promise<NumberImport> => post(`${LIST}/imports/${id}/apply`)
export const undoImport = (id: string): Promise<NumberImport> => post(`${LIST}/imports/${id}/undo`)
export const redoImport = (id: string): Promise<NumberImport> => post(`${LIST}/imports/${id}/redo`)
export const problemsAddress = (id: string): string => addressOf(`${LIST}/imports/${id}/problems`)
export const uploadNumbers = (file: File, progress: (share: number) => void): Promise<NumberImport> =>
  sendFile('POST', `${LIST}/imports?file_name=${encodeURIComponent(file.name.slice(0, 200))}`, file, progress, 'text/csv')

const ofCall = (callId: string): string => `/calls/${encodeURIComponent(callId)}/do-not-call`

/** The other party of one's own call is never called again. */
export const refuseCalls = (callId: string): Promise<{ number: string; added: boolean }> => post(ofCall(callId))
export const undoRefusal = (callId: string): Promise<unknown> => remove(ofCall(callId))

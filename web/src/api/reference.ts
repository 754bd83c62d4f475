import type { RowProblem } from './hours'
import { create, get, post, put, remove, sendFile } from './http'
import type { Instant, Page } from './types'

export type Cell = string | number | boolean | null

export const COLUMN_TYPES = ['text', 'number', 'money', 'date', 'time', 'digits', 'yes_no', 'prompt'] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

export interface Column {
  name: string
  type: ColumnType
  title_zh: string
  title_en: string
  required: boolean
}

export interface ReferenceTable {
  id: number
  name: string
  title_zh: string
  title_en: string
  columns: Column[]
  /** The column by which rows are looked up. */
  key: string
  rows: number
  last_import: { at: Instant; can_undo: boolean } | null
}

/** A column as it shall be; `was` is the name under which its cells stand until now. */
export interface ColumnInput extends Column {
  was?: string
}

export interface TableInput {
  title_zh: string
  title_en: string
  columns: ColumnInput[]
}

export interface Row {
  key: string
  cells: Record<string, Cell>
}

export interface RowsImported {
  applied: boolean
  difference: { added: number; changed: number; same: number; removed: number }
  rows: Row[]
  problems: RowProblem[]
}

const EXCEL = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const rowAt = (id: number, key: string): string => `/tables/${id}/rows/${encodeURIComponent(key)}`

export const listTables = (): Promise<{ items: ReferenceTable[] }> => get('/tables')
export const readTable = (id: number): Promise<ReferenceTable> => get(`/tables/${id}`)
export const createTable = (name: string, key: string, input: TableInput): Promise<ReferenceTable> => create('/tables', { ...input, name, key })
/** Cells of columns that are not there any more are gone. */
export const changeTable = (id: number, input: TableInput): Promise<ReferenceTable> => put(`/tables/${id}`, input)
export const removeTable = (id: number): Promise<unknown> => remove(`/tables/${id}`)
export const listRows = (id: number, q: string, cursor: string | null): Promise<Page<Row>> => get(`/tables/${id}/rows`, { q, cursor, limit: 50 })
export const writeRow = (id: number, key: string, cells: Record<string, Cell>): Promise<Row> => put(rowAt(id, key), { cells })
export const removeRow = (id: number, key: string): Promise<unknown> => remove(rowAt(id, key))
export const undoImport = (id: number): Promise<ReferenceTable> => post(`/tables/${id}/import/undo`)
export const exportAddress = (id: number): string => `/api/v1/tables/${id}/export`

/** Without `apply` the file is only looked at; with `replace` rows that are not in it go. */
export const importRows = (id: number, file: File, apply: boolean, replace: boolean): Promise<RowsImported> =>
  sendFile('POST', `/tables/${id}/import?apply=${apply}&replace=${replace}`, file, () => undefined, /\.xlsx$/i.test(file.name) ? EXCEL : 'text/csv')

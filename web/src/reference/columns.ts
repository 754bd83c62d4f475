import type { Column, ColumnInput, ColumnType } from '@/api/reference'

/** A column while somebody works on it; `gone` ones can be kept after all until the table is saved. */
export interface ColumnDraft {
  id: number
  /** Its name as the service knows it; null for a new one. */
  was: string | null
  name: string
  type: ColumnType
  title_zh: string
  title_en: string
  required: boolean
  gone: boolean
}

const NAME = /^[a-z][a-z0-9_]{0,39}$/

export function newDraft(id: number): ColumnDraft {
  return { id, was: null, name: '', type: 'text', title_zh: '', title_en: '', required: false, gone: false }
}

export const draftsOf = (columns: Column[]): ColumnDraft[] => columns.map((column, id) => ({ id, was: column.name, ...column, gone: false }))

const kept = (drafts: ColumnDraft[]): ColumnDraft[] => drafts.filter(({ gone }) => !gone)

/** Why the columns cannot be saved like this. */
export function mistakeIn(drafts: ColumnDraft[]): 'none' | 'name' | 'repeated' | null {
  const names = kept(drafts).map(({ name }) => name)
  if (names.length === 0) return 'none'
  if (!names.every((name) => NAME.test(name))) return 'name'
  return new Set(names).size < names.length ? 'repeated' : null
}

/** The columns as the service takes them; one without titles is called by its name. */
export function columnsOf(drafts: ColumnDraft[]): ColumnInput[] {
  return kept(drafts).map(({ was, name, type, title_zh, title_en, required }) => ({
    name,
    type,
    title_zh: title_zh.trim() || name,
    title_en: title_en.trim() || name,
    required,
    ...(was === null ? {} : { was }),
  }))
}

/** Which columns lose their cells, and which are read anew in another type. */
export function lossOf(columns: Column[], drafts: ColumnDraft[]): { lost: Column[]; readAnew: Column[] } {
  const draftOf = (column: Column): ColumnDraft | undefined => kept(drafts).find(({ was }) => was === column.name)
  return {
    lost: columns.filter((column) => draftOf(column) === undefined),
    readAnew: columns.filter((column) => (draftOf(column)?.type ?? column.type) !== column.type),
  }
}

/** The columns with one of them a place nearer to the first. */
export function moved(drafts: ColumnDraft[], id: number): ColumnDraft[] {
  const at = drafts.findIndex((draft) => draft.id === id)
  if (at < 1) return drafts
  return [...drafts.slice(0, at - 1), drafts[at]!, drafts[at - 1]!, ...drafts.slice(at + 1)]
}

import { expect, test } from 'vitest'

import type { Column } from '@/api/reference'
import { columnsOf, draftsOf, lossOf, mistakeIn, moved, newDraft, type ColumnDraft } from '@/reference/columns'

const column = (name: string, change: Partial<Column> = {}): Column => ({ name, type: 'text', title_zh: name, title_en: name, required: false, ...change })
const COLUMNS = [column('code'), column('name', { required: true }), column('price', { type: 'money' })]
const changed = (name: string, change: Partial<ColumnDraft>): ColumnDraft[] =>
  draftsOf(COLUMNS).map((draft) => (draft.name === name ? { ...draft, ...change } : draft))

test('columns that nobody touched go back as they came, each with its name of until now', () => {
  expect(columnsOf(draftsOf(COLUMNS))).toEqual(COLUMNS.map((one) => ({ ...one, was: one.name })))
  expect(lossOf(COLUMNS, draftsOf(COLUMNS))).toEqual({ lost: [], readAnew: [] })
})

test('a renamed column loses nothing, a removed one all, and one of another type is read anew', () => {
  expect(lossOf(COLUMNS, changed('price', { name: 'amount' })).lost).toEqual([])
  expect(columnsOf(changed('price', { name: 'amount' }))[2]).toMatchObject({ name: 'amount', was: 'price' })
  expect(lossOf(COLUMNS, changed('price', { gone: true })).lost.map(({ name }) => name)).toEqual(['price'])
  expect(lossOf(COLUMNS, changed('name', { type: 'number' })).readAnew.map(({ name }) => name)).toEqual(['name'])
  const replaced = [...changed('price', { gone: true }), { ...newDraft(9), name: 'price' }]
  expect(lossOf(COLUMNS, replaced).lost.map(({ name }) => name)).toEqual(['price'])
  expect(columnsOf(replaced)[2]).not.toHaveProperty('was')
})

test('mistakes are told before anything is sent', () => {
  expect(mistakeIn([])).toBe('none')
  expect(mistakeIn(draftsOf(COLUMNS).map((draft) => ({ ...draft, gone: true })))).toBe('none')
  expect(mistakeIn(changed('name', { name: '2nd' }))).toBe('name')
  expect(mistakeIn(changed('name', { name: 'code' }))).toBe('repeated')
  expect(mistakeIn(changed('name', { name: 'code', gone: true }))).toBeNull()
  expect(mistakeIn(changed('name', { name: 'a'.repeat(40) }))).toBeNull()
  expect(mistakeIn(changed('name', { name: 'a'.repeat(41) }))).toBe('name')
})

test('a new column is called by its name while it has no title', () => {
  expect(columnsOf([{ ...newDraft(0), name: 'city', title_en: ' City ' }])).toEqual([
    { name: 'city', type: 'text', title_zh: 'city', title_en: 'City', required: false },
  ])
})

test('a column goes up by one place and the first stays', () => {
  const names = (drafts: ColumnDraft[]): string[] => drafts.map(({ name }) => name)
  expect(names(moved(draftsOf(COLUMNS), 2))).toEqual(['code', 'price', 'name'])
  expect(names(moved(draftsOf(COLUMNS), 0))).toEqual(['code', 'name', 'price'])
})

import { ref, type Ref } from 'vue'

export type SortValue = string | number | null

export interface Sorting<K extends string> {
  key: Ref<K>
  descending: Ref<boolean>
  toggle: (key: K) => void
  /** For `aria-sort`. */
  order: (key: K) => 'ascending' | 'descending' | 'none'
}

/** Which column a table is sorted by; a second press on the same column turns it round. */
export function useSorting<K extends string>(first: K, firstDescending = false): Sorting<K> {
  const key = ref(first) as Ref<K>
  const descending = ref(firstDescending)
  function toggle(next: K): void {
    descending.value = key.value === next ? !descending.value : false
    key.value = next
  }
  const order = (column: K): 'ascending' | 'descending' | 'none' =>
    key.value !== column ? 'none' : descending.value ? 'descending' : 'ascending'
  return { key, descending, toggle, order }
}

/** A sorted copy. What is not known comes last, whichever way round. */
export function sorted<T>(items: T[], valueOf: (item: T) => SortValue, descending: boolean, language: string): T[] {
  const collator = new Intl.Collator(language, { numeric: true })
  const turn = descending ? -1 : 1
  return items.toSorted((one, other) => {
    const a = valueOf(one)
    const b = valueOf(other)
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
    return turn * (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)))
  })
}

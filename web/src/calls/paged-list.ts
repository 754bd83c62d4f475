import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { asProblem, type Problem } from '@/api/problem'
import type { Page } from '@/api/types'

export interface PagedList<T> {
  items: ShallowRef<T[]>
  busy: Ref<boolean>
  /** True once the last page is there. */
  complete: Ref<boolean>
  problem: ShallowRef<Problem | null>
  reload: () => Promise<void>
  more: () => Promise<void>
}

/** Pages one after the other; an answer that was overtaken by a newer question is dropped. */
export function usePagedList<T>(load: (cursor: string | null) => Promise<Page<T>>): PagedList<T> {
  const items = shallowRef<T[]>([])
  const busy = ref(false)
  const complete = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let cursor: string | null = null
  let question = 0

  async function fetchPage(first: boolean): Promise<void> {
    const mine = ++question
    busy.value = true
    problem.value = null
    try {
      const page = await load(first ? null : cursor)
      if (mine !== question) return
      items.value = first ? page.items : [...items.value, ...page.items]
      cursor = page.next_cursor
      complete.value = cursor === null
    } catch (error) {
      if (mine === question) problem.value = asProblem(error)
    } finally {
      if (mine === question) busy.value = false
    }
  }

  return { items, busy, complete, problem, reload: () => fetchPage(true), more: () => fetchPage(false) }
}

import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { asProblem, type Problem } from '@/api/problem'

export interface Loaded<T> {
  value: ShallowRef<T | null>
  problem: ShallowRef<Problem | null>
  busy: Ref<boolean>
  reload: () => Promise<void>
}

/** Something a page shows, loaded when the page opens and whenever asked. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const value = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)

  async function reload(): Promise<void> {
    busy.value = true
    try {
      value.value = await load()
      problem.value = null
    } catch (error) {
      problem.value = asProblem(error)
    } finally {
      busy.value = false
    }
  }

  onMounted(reload)
  return { value, problem, busy, reload }
}

import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { asProblem, type Problem } from '@/api/problem'

export interface Asking {
  busy: Ref<boolean>
  problem: ShallowRef<Problem | null>
  /** Does the work; false when it met a problem, which is `problem` then. */
  run: (work: () => Promise<unknown>) => Promise<boolean>
}

/** What a form asks of the service: one thing at a time, and what stood against it. */
export function useAsking(): Asking {
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  async function run(work: () => Promise<unknown>): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      await work()
      return true
    } catch (error) {
      problem.value = asProblem(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, run }
}

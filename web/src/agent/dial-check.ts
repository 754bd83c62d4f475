import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

import { checkDial, type DialCheck } from '@/api/dialling'
import { asProblem, type Problem } from '@/api/problem'

const PAUSE_MS = 350

export interface DialCheckResult {
  check: ShallowRef<DialCheck | null>
  problem: ShallowRef<Problem | null>
  busy: Ref<boolean>
}

/** What would come of the number that is being typed, asked once nobody types; only the last answer counts. */
export function useDialCheck(number: () => string): DialCheckResult {
  const check = shallowRef<DialCheck | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function ask(typed: string): Promise<void> {
    const mine = ++asked
    busy.value = true
    try {
      const found = await checkDial(typed)
      if (mine === asked) check.value = found
    } catch (error) {
      if (mine === asked) problem.value = asProblem(error)
    } finally {
      if (mine === asked) busy.value = false
    }
  }

  watch(
    number,
    (typed) => {
      clearTimeout(timer)
      asked++
      check.value = null
      problem.value = null
      busy.value = false
      const digits = typed.replace(/\D/g, '')
      if (digits.length >= 3) timer = setTimeout(() => void ask(typed.trim()), PAUSE_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    asked++
  })
  return { check, problem, busy }
}

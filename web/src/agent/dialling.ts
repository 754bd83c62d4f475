import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

import { asProblem, type Problem } from '@/api/problem'
import { useLive } from '@/live/store'

/** So long one's own phone may ring before one answers it. */
const RINGS_MS = 35_000

export interface Dialling<K> {
  /** Which one is being asked for, and for which one the own phone rings. */
  busy: Ref<K | null>
  rings: Ref<K | null>
  /** Why the last one was refused. */
  refused: ShallowRef<{ key: K; problem: Problem } | null>
  run: (key: K, send: () => Promise<unknown>) => Promise<boolean>
  forget: () => void
}

/** Asking for a call: accepted, it rings at one's own phone until one answers; refused, the reason stays to be read. */
export function useDialling<K>(): Dialling<K> {
  const live = useLive()
  const busy = ref<K | null>(null) as Ref<K | null>
  const rings = ref<K | null>(null) as Ref<K | null>
  const refused = shallowRef<{ key: K; problem: Problem } | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  const still = (): void => {
    clearTimeout(timer)
    rings.value = null
  }

  async function run(key: K, send: () => Promise<unknown>): Promise<boolean> {
    if (busy.value !== null) return false
    busy.value = key
    refused.value = null
    try {
      await send()
      still()
      rings.value = key
      timer = setTimeout(still, RINGS_MS)
      return true
    } catch (error) {
      refused.value = { key, problem: asProblem(error) }
      return false
    } finally {
      busy.value = null
    }
  }

  watch(() => live.agent?.state, (state) => state === 'talking' && still())
  onScopeDispose(still)
  return { busy, rings, refused, run, forget: () => (refused.value = null) }
}

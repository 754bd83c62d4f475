import { computed, shallowRef, type ComputedRef } from 'vue'

import type { AgentCall } from '@/api/types'

export interface UnsaidCall {
  /** Of which something is to be said now: the call, or else the one before. */
  shown: ComputedRef<AgentCall | null>
  keep: (one: AgentCall) => void
  /** Something was said; while the page shows it, it can be changed. */
  settle: (callId: string) => void
  forget: () => void
}

/**
 * The call of a campaign of which its agent has said nothing yet. It stays when the call is over, and over a reload of this tab;
 * `user` is who it belongs to.
 */
export function useUnsaidCall(user: number, call: () => AgentCall | null): UnsaidCall {
  const key = `cti.unsaid.${user}`
  const unsaid = shallowRef<AgentCall | null>(read(key))

  const shown = computed(() => {
    const now = call()
    if (now === null) return unsaid.value
    return now.phase === 'ringing' ? null : now
  })

  function keep(one: AgentCall): void {
    unsaid.value = one
    sessionStorage.setItem(key, JSON.stringify(one))
  }

  function settle(callId: string): void {
    if (unsaid.value?.call_id !== callId) return
    sessionStorage.removeItem(key)
    if (call() !== null) unsaid.value = null
  }

  function forget(): void {
    sessionStorage.removeItem(key)
    unsaid.value = null
  }

  return { shown, keep, settle, forget }
}

function read(key: string): AgentCall | null {
  const text = sessionStorage.getItem(key)
  if (text === null) return null
  try {
    return JSON.parse(text) as AgentCall
  } catch {
    return null
  }
}

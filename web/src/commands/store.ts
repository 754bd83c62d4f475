import { defineStore } from 'pinia'
import { shallowReactive, shallowRef, watch } from 'vue'

import { asProblem, type Problem } from '@/api/problem'

const CONFIRM_MS = 3000

export interface CommandFailure {
  /** The key under `action` in the translations. */
  action: string
  /** null: accepted, but the state did not change in time. */
  problem: Problem | null
}

/**
 * Commands on their way: sent, accepted, and not yet seen in the state that comes back.
 *
 * The service accepts a command with 202; what became of it is told by the live connection alone.
 */
export const useCommands = defineStore('commands', () => {
  const pending = shallowReactive(new Set<string>())
  const failure = shallowRef<CommandFailure | null>(null)

  /** True when the state confirmed it. `key` is the command's own, where several of one action may run at once. */
  async function run(action: string, send: () => Promise<unknown>, done: () => boolean, key = action): Promise<boolean> {
    if (pending.has(key)) return false
    pending.add(key)
    failure.value = null
    try {
      await send()
      const confirmed = await becomesTrue(done, CONFIRM_MS)
      if (!confirmed) failure.value = { action, problem: null }
      return confirmed
    } catch (error) {
      failure.value = { action, problem: asProblem(error) }
      return false
    } finally {
      pending.delete(key)
    }
  }

  const dismiss = (): void => void (failure.value = null)

  return { pending, failure, run, dismiss }
})

/** Whether a condition over reactive state becomes true within some time. */
export function becomesTrue(condition: () => boolean, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (result: boolean): void => {
      clearTimeout(timer)
      unwatch()
      resolve(result)
    }
    const timer = setTimeout(() => finish(false), withinMs)
    const unwatch = watch(condition, (value) => value && queueMicrotask(() => finish(true)), { immediate: true })
  })
}

import type { AgreedCallback } from '@/api/agreed-callbacks'
import type { AgentSnapshot } from '@/api/types'

/** Whether it is time to call. */
export const isDue = (callback: AgreedCallback, nowMs: number): boolean => Date.parse(callback.due_at) <= nowMs

/** Whether an agent can call somebody now: signed in, and not on the phone. */
export function mayCall(agent: AgentSnapshot | null): boolean {
  return agent !== null && ['ready', 'paused', 'wrap_up'].includes(agent.state)
}

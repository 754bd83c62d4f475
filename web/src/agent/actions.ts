import type { AgentSnapshot, AgentStatus } from '@/api/types'

export type AgentAction =
  | 'sign_in'
  | 'sign_out'
  | 'ready'
  | 'pause'
  | 'end_wrap_up'
  | 'extend_wrap_up'
  | 'hold'
  | 'resume'
  | 'hang_up'
  | 'transfer'
  | 'complete_transfer'
  | 'cancel_transfer'

const BY_STATE: Record<AgentStatus, AgentAction[]> = {
  logged_out: ['sign_in'],
  ready: ['pause', 'sign_out'],
  ringing: ['hang_up'],
  talking: ['hold', 'hang_up', 'transfer', 'pause'],
  hold: ['resume', 'hang_up', 'pause'],
  wrap_up: ['end_wrap_up', 'extend_wrap_up', 'pause'],
  paused: ['ready', 'pause', 'sign_out'],
}

/** What an agent can do now; the service decides, this only keeps the page from offering what it would refuse. */
export function allowedActions(agent: AgentSnapshot | null): ReadonlySet<AgentAction> {
  if (agent === null) return new Set()
  if (agent.call?.phase === 'consulting') return new Set(['complete_transfer', 'cancel_transfer', 'pause'])
  const can = new Set(BY_STATE[agent.state])
  // While on the phone, "ready" takes back the pause that was to come afterwards.
  if (agent.after_wrap_up !== null && can.has('hang_up')) can.add('ready')
  return can
}

// What the service sends over the live connection, a frame in each message.

import type { CampaignLive, KillSwitch, ListedCampaign } from './campaigns'
import type { AgentSnapshot, AgentStatus, CallPhase, DeviceName, Instant } from './types'

export interface QueueLive {
  name: string
  title: string
  waiting: number | null
  longest_wait_since: Instant | null
  service_level_today: number | null
  offered_today: number | null
  answered_today: number | null
  abandoned_today: number | null
  ready: number | null
  talking: number | null
  wrap_up: number | null
  paused: number | null
  signed_in: number | null
}

export interface AgentLive {
  agent_id: number
  name: string
  state: AgentStatus
  reason: string | null
  since: Instant | null
  device: DeviceName | null
  queues: string[]
  call: {
    call_id: string
    queue: string | null
    number_masked: string | null
    phase: CallPhase
    since: Instant | null
  } | null
  missed_offers: number
}

export type AsteriskLink = 'up' | 'down'

/** How many tasks of a queue (or of supervisors) nobody has taken, and how many somebody has. */
export interface TaskCount {
  queue: string | null
  supervisor: boolean
  open: number
  taken: number
}

/** What takes no more writing; calls go on. */
export type Trouble = 'journal_refused' | 'database_down'

export type LiveFrame = { seq: number; at: Instant } & (
  | {
      type: 'snapshot'
      agent: AgentSnapshot | null
      queues: QueueLive[]
      agents: AgentLive[]
      link?: { asterisk: AsteriskLink; since: Instant | null } | null
      troubles?: Trouble[]
      tasks?: TaskCount[]
      callbacks?: { due: number }
    }
  | { type: 'agent'; agent: AgentSnapshot | null }
  | { type: 'queues'; queues: QueueLive[]; removed?: string[] }
  | { type: 'agents'; agents: AgentLive[]; removed?: number[] }
  | { type: 'link'; asterisk: AsteriskLink; since: Instant | null }
  | { type: 'troubles'; troubles: Trouble[] }
  | { type: 'tasks'; tasks: TaskCount[]; changed: string[] }
  | { type: 'callbacks'; callbacks: { due: number } }
  /** `live` is null when there is no such campaign. */
  | { type: 'campaign'; id: number; live: CampaignLive | null }
  /** Those that changed since the frame before; all of them when it is the `whole` list. */
  | { type: 'campaigns'; whole: boolean; campaigns: ListedCampaign[]; removed: number[] }
  | { type: 'kill_switch'; kill_switch: KillSwitch }
  | { type: 'watching'; campaign?: number | null; campaigns?: boolean }
  | { type: 'notice'; code: string; text: string }
  | { type: 'problem'; code: string }
  | { type: 'pong'; id: number }
)

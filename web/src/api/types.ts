// The shapes of the service's API (v1). Instants are RFC 3339 in UTC; null means not known, never zero.

export type Language = 'zh-CN' | 'en'
export type Role = 'agent' | 'supervisor' | 'admin'
export type Instant = string

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface User {
  id: number
  username: string
  name: string
  role: Role
  language: Language
  agent_id: number | null
}

export interface Session {
  user: User
  csrf_token: string
}

export interface Device {
  id: number
  name: string
  interface: string
  extension: string
  in_use_by_agent_id: number | null
}

export interface DeviceName {
  id: number | null
  name: string
  interface: string
}

export interface Titled {
  code: string
  title: string
}

export type AgentStatus = 'logged_out' | 'ready' | 'ringing' | 'talking' | 'hold' | 'wrap_up' | 'paused'
export type CallPhase = 'ringing' | 'talking' | 'hold' | 'consulting' | 'wrap_up'
export type Direction = 'inbound' | 'outbound' | 'internal'
export type TransferKind = 'blind' | 'attended'
export type TransferTarget = { type: 'queue'; name: string } | { type: 'extension'; number: string }

export interface IvrChoice {
  menu: string
  choice: string
  at: Instant
}

export interface Customer {
  /** null for a record of the external CRM that we do not keep. */
  id: number | null
  name: string
  language: string | null
  numbers: { e164: string; display: string }[]
  company: string | null
  email: string | null
  note: string | null
  external_ref: string | null
}

export interface Candidate {
  id: number | null
  name: string
  company?: string | null
  language?: string | null
}

export interface Subscription {
  id: number | null
  product: string
  status: string
  expires_on: string | null
  days_left: number | null
}

export interface PastRating {
  rating: number
  at: Instant
  agent_name: string | null
}

export interface OpenCallback {
  id: number
  due_at: Instant
  note: string | null
}

export interface ScreenPop {
  call_id: string
  state: 'loading' | 'ready' | 'unknown' | 'several' | 'withheld' | 'failed'
  number: string | null
  number_display: string | null
  customer: Customer | null
  candidates: Candidate[]
  subscriptions: Subscription[]
  recent_calls: CallSummary[]
  recent_ratings: PastRating[]
  open_callbacks: OpenCallback[]
  source: 'local' | 'crm' | null
  partial: boolean
  updated_at: Instant
}

export interface AgentCall {
  call_id: string
  leg_id: string | null
  direction: Direction
  phase: CallPhase
  queue: { name: string; title: string } | null
  number: string | null
  number_state: 'known' | 'withheld' | 'invalid'
  dnis: string | null
  entered_at: Instant | null
  waited_seconds: number | null
  ringing_since: Instant | null
  answered_at: Instant | null
  held_since: Instant | null
  ended_at: Instant | null
  ivr_choices: IvrChoice[]
  /** An attended transfer under way; `to` is null when nobody knows any more. */
  transfer: { kind: TransferKind; to: string | null; state: 'dialling' | 'talking' } | null
  pop: ScreenPop | null
  disposition: SavedDisposition | null
}

export interface AgentSnapshot {
  agent_id: number
  name: string
  state: AgentStatus
  reason: string | null
  since: Instant | null
  device: DeviceName | null
  wrap_up_until: Instant | null
  after_wrap_up: string | null
  missed_offers: number
  queues: string[]
  call: AgentCall | null
}

export interface Disposition {
  code: string
  note: string
  callback_at: Instant | null
}

export interface SavedDisposition {
  code: string
  note: string | null
  callback_at?: Instant | null
  title?: string | null
  saved_at?: Instant | null
}

export type Outcome = 'answered' | 'abandoned' | 'overflow' | 'voicemail' | 'failed' | 'in_progress'

export interface CallSummary {
  id: string
  started_at: Instant
  ended_at: Instant | null
  direction: Direction
  number: string | null
  dnis: string | null
  queue: string | null
  agent: { id: number; name: string } | null
  answered: boolean
  wait_seconds: number | null
  talk_seconds: number | null
  hold_seconds: number | null
  wrap_up_seconds: number | null
  outcome: Outcome | null
  rating: number | null
  disposition: string | { code: string; title?: string | null } | null
  customer: { id: number; name: string } | null
}

export interface CallLeg {
  id: string
  kind: string
  interface?: string | null
  agent_id?: number | null
  number?: string | null
  started_at: Instant
  answered_at: Instant | null
  ended_at: Instant | null
  ending?: string | null
  hangup_cause?: number | null
}

export type IntervalKind = 'wait' | 'ring' | 'talk' | 'hold' | 'park' | 'wrap_up'

export interface CallInterval {
  id: string
  kind: IntervalKind
  leg_id: string | null
  agent_id?: number | null
  queue?: string | null
  started_at: Instant
  ended_at: Instant | null
  unknown_end?: boolean
}

export interface CallSurvey {
  outcome: string | null
  rating: number | null
  second_rating?: number | null
  started_at?: Instant
  ended_at?: Instant | null
}

export interface CallDetail extends CallSummary {
  legs: CallLeg[]
  intervals: CallInterval[]
  queue_entries: { id: string; queue: string; joined_at: Instant; left_at: Instant | null; outcome: string | null }[]
  offers: {
    id: string
    agent_id: number
    queue: string
    started_at: Instant
    ended_at: Instant | null
    outcome: string | null
  }[]
  transfers: {
    id: string
    kind: TransferKind
    to_number?: string | null
    at: Instant
    agent_id?: number | null
    outcome: string | null
  }[]
  survey: CallSurvey | null
  dispositions: SavedDisposition[]
  ivr_choices: IvrChoice[]
}

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

export interface Queue {
  id: number
  name: string
  title: string
  extension: string | null
  language: Language | null
  service_level_seconds: number
  service_level_target: number
  wrap_up_seconds: number
  missed_offers_limit: number
  survey: boolean
}

export interface AdminUser {
  id: number
  username: string
  name: string
  role: Role
  language: Language
  agent_id: number | null
  active: boolean
  agent: { queues: string[] } | null
  /** Shown once, when the user was made without a password. */
  generated_password?: string | null
}

export interface Token {
  id: number
  name: string
  scopes: string[]
  created_at: Instant
  last_used_at?: Instant | null
  token?: string
}

export interface ServiceStatus {
  ami: { state: string; since: Instant | null; last_error: string | null }
  journal: { position: string | number; durable_position: string | number; health: string; error: string | null }
  recorder: { position: string | number; lag_seconds: number | null; state: string }
  database: { state: string }
  loop_lag_seconds: number
  version: string
}

export type AsteriskLink = 'up' | 'down'

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
    }
  | { type: 'agent'; agent: AgentSnapshot | null }
  | { type: 'queues'; queues: QueueLive[]; removed?: string[] }
  | { type: 'agents'; agents: AgentLive[]; removed?: number[] }
  | { type: 'link'; asterisk: AsteriskLink; since: Instant | null }
  | { type: 'troubles'; troubles: Trouble[] }
  | { type: 'notice'; code: string; text: string }
  | { type: 'problem'; code: string }
  | { type: 'pong'; id: number }
)

export type LedgerState = 'starting' | 'checking' | 'waiting' | 'unreadable' | 'database_down'

export interface LedgerDay {
  /** A day of UTC, as `2026-11-22`. */
  day: string
  channels: number
  matched: number
  filled: number
  lone_legs: number
}

export interface LedgerSummary {
  state: LedgerState
  code: string | null
  checked_to: Instant | null
  queue_log: boolean
  broken_lines: number
  channels: number
  matched: number
  filled: number
  unmatched: number
  gaps: number
  days: LedgerDay[]
}

export interface LedgerFinding {
  id: number
  kind: string
  at: Instant
  uniqueid: string
  call_id: string | null
  field: string | null
  ours: string | null
  theirs: string | null
  settled_at: Instant | null
}

export interface LedgerGap {
  node: string
  from_at: Instant | null
  to_at: Instant
  reason: string
}

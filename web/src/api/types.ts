// The shapes of the service's API (v1). Instants are RFC 3339 in UTC; null means not known, never zero.

export type Language = 'zh-CN' | 'en'
export type Role = 'agent' | 'supervisor' | 'admin'
export type Instant = string

export interface Page<T> {
  items: T[]
  next_cursor: string | null
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

/** With what the flow calls the menu and the choice, by language. */
export interface NamedChoice extends IvrChoice {
  title: Texts
  label: Texts
}

/** By language. */
export type Texts = Partial<Record<Language, string>>

/** What a flow passes on with a caller; what name and value are called, by language. */
export interface PassedValue {
  name: string
  value: string | number | boolean
  title: Texts
  label: Texts
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
  ivr_choices: NamedChoice[]
  passed: PassedValue[]
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
  /** To a campaign's form. */
  answers: Answers
}

/** By the names of fields; a date is `2026-11-26`. */
export type Answers = Record<string, string | number | boolean>

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

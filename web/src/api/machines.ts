import type { MachineDetection } from './campaigns'
import type { Figure } from './flow-results'
import { get, put } from './http'
import type { Instant, Page } from './types'

export type Verdict = 'person' | 'machine'
/** Suspected ones, all by lot, or those at which somebody has looked. */
export type Shown = 'suspected' | 'all' | 'reviewed'

export interface Span {
  from: string
  to: string
}

/** What machine detection heard; what was not measured is null. */
export interface Machines {
  from_at: Instant
  to_at: Instant
  detection: MachineDetection
  answered: number
  listened: number
  /** Answered calls of which it said nothing. */
  untold: number
  heard: { status: string; count: number | null; share: number | null }[]
  causes: { status: string; cause: string | null; count: number; share: number; reviewed: number; persons: number }[]
  machines: number | null
  reviewed: number | null
  persons: number | null
  /** Of the reviewed. */
  person_share: Figure
  /** For how long persons heard nothing meanwhile, the median. */
  silence_seconds: number | null
}

/** A call that was taken for a machine's. */
export interface TakenCall {
  id: string
  contact_id: number | null
  name: string | null
  phone: string
  answered_at: Instant | null
  listened_seconds: number | null
  lasted_seconds: number | null
  /** As Asterisk says it: `MAXWORDS-4-3`. */
  cause: string | null
  outcome: string
  /** How much speaks for a person; 0 is nothing. */
  suspicion: number
  clues: string[]
  /** Why, in the reader's words. */
  line: string
  verdict: Verdict | null
  reviewed_at: Instant | null
  reviewed_by: string | null
  call_id: string | null
}

/** A part of a list; of those that look like a person's also how many there are, of how many at which nobody has looked. */
export interface TakenCalls extends Page<TakenCall> {
  weighed: number | null
  suspected: number | null
}

const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone
const at = (campaign: number, part = ''): string => `/campaigns/${campaign}/machines${part}`

export const readMachines = (campaign: number, span: Span): Promise<Machines> => get(at(campaign), { ...span })
export const listTakenCalls = (campaign: number, span: Span, show: Shown, cursor: string | null): Promise<TakenCalls> =>
  get(at(campaign, '/calls'), { ...span, show, cursor, limit: 50, time_zone: zone() })
/** null takes it back. */
export const giveVerdict = (campaign: number, call: string, verdict: Verdict | null): Promise<TakenCall> =>
  put(at(campaign, `/calls/${encodeURIComponent(call)}/verdict?time_zone=${encodeURIComponent(zone())}`), { verdict })

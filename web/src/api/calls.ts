import { create, get, put } from './http'
import type { CallSummary, Customer, Instant, IvrChoice, Page, PassedValue, SavedDisposition, ScreenPop, Texts, TransferKind } from './types'

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
  sip_status?: number | null
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
  flow_runs: CallFlowRun[]
}

/** The caller's way through one version of a flow. */
export interface CallFlowRun {
  id: string
  flow: string
  kind: string
  version: string
  started_at: Instant
  ended_at: Instant | null
  /** null while it goes on. */
  outcome: string | null
  last_step: string | null
  passed: PassedValue[]
  answers: CallFlowAnswer[]
}

export interface CallFlowAnswer {
  ordinal: number
  question: string
  title: Texts
  value: string
  label: Texts
  at: Instant
}

export interface CallFilter {
  from?: string | null
  to?: string | null
  queue?: string | null
  agent?: string | number | null
  number?: string | null
}

const id = encodeURIComponent

export const listCalls = (filter: CallFilter, cursor: string | null, limit = 50): Promise<Page<CallSummary>> =>
  get('/calls', { ...filter, cursor, limit })

export const readCall = (callId: string): Promise<CallDetail> => get(`/calls/${id(callId)}`)

export const linkCustomer = (callId: string, customerId: number): Promise<ScreenPop> =>
  put(`/calls/${id(callId)}/customer`, { customer_id: customerId })

export interface NewCustomer {
  name: string
  numbers: string[]
  language: string
  company: string | null
  note: string | null
}

export const createCustomer = (customer: NewCustomer): Promise<Customer> => create('/customers', customer)
export const findCustomers = (q: string): Promise<Page<Customer>> => get('/customers', { q, limit: 20 })

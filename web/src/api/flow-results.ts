import { pathOf, type Texts } from './flows'
import { addressOf, create, get, remove } from './http'
import type { Instant, Page } from './types'

/** A figure over `n` answers with the bounds of its 95 % interval; null where there is none. */
export interface Figure {
  n: number
  value: number | null
  low: number | null
  high: number | null
  method: string | null
  population: number | null
}

export interface ResultRuns {
  begun: number
  running: number
  exited: number
  hung_up: number
  handed_over: number
  failed: number
  answered: number
  completion: Figure
  response: Figure
}

export interface ResultCell {
  value: string
  label: Texts
  count: number
  share: Figure
}

export interface ResultQuestion {
  flow: string
  question: string
  kind: string | null
  title: Texts
  n: number
  not_counted: number
  cells: ResultCell[]
  mean: Figure | null
  median: number | null
  csat: Figure | null
  nps: Figure | null
}

export interface ResultGroup {
  key: string | null
  label: string | null
  runs: ResultRuns
  questions: ResultQuestion[]
}

export interface FlowResults {
  from_at: Instant
  to_at: Instant
  by: GroupBy | null
  population: number | null
  runs: ResultRuns
  questions: ResultQuestion[]
  ends: { outcome: string; step: string | null; count: number }[]
  groups: ResultGroup[]
  definitions: { term: string; name: string; text: string }[]
}

export interface ResultCall {
  run_id: string
  call_id: string
  started_at: Instant
  version: string
  language: string | null
  queue: string | null
  agent_id: number | null
  agent: string | null
  outcome: string | null
  value: string | null
}

export type GroupBy = 'version' | 'agent' | 'queue' | 'language' | 'day' | 'week' | 'month'

/** Which calls. */
export interface ResultSpan {
  from: Instant
  to: Instant
  version: string | null
  agent: number | null
  queue: string | null
  language: string | null
}

/** Which of them: those behind one figure. */
export interface Behind {
  asked_in?: string
  question?: string
  value?: string
  outcome?: string
}

export interface Poll {
  public_id: string
  path: string
  title: Texts
  sample: Texts
  from_at: Instant
  to_at: Instant
  population: number | null
  questions: string[] | null
  published_at: Instant
  published_by: string | null
  withdrawn_at: Instant | null
}

export interface PollInput {
  title: Required<Texts>
  sample: Required<Texts>
  from: Instant
  to: Instant
  population: number | null
}

export const readResults = (flow: string, span: ResultSpan, by: GroupBy | null, population: number | null): Promise<FlowResults> =>
  get(`${pathOf(flow)}/results`, { ...span, by, population, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })
export const listResultCalls = (flow: string, span: ResultSpan, behind: Behind, cursor: string | null): Promise<Page<ResultCall>> =>
  get(`${pathOf(flow)}/results/calls`, { ...span, ...behind, cursor, limit: 20 })
export const resultsFile = (flow: string, span: ResultSpan): string => addressOf(`${pathOf(flow)}/results.csv`, { ...span })

export const listPolls = (flow: string): Promise<{ items: Poll[] }> => get(`${pathOf(flow)}/polls`)
export const publishPoll = (flow: string, poll: PollInput): Promise<Poll> => create(`${pathOf(flow)}/polls`, poll)
export const withdrawPoll = (flow: string, publicId: string): Promise<unknown> => remove(`${pathOf(flow)}/polls/${encodeURIComponent(publicId)}`)

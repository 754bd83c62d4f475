import { create, get, getText, post, postForText } from './http'
import type { Instant, Page, Texts } from './types'

export type FlowKind = 'inbound' | 'survey' | 'outbound' | 'subdialog'
export type ActivationHow = 'shipped' | 'activated' | 'back'
export type { Texts }

export interface Flow {
  name: string
  kind: FlowKind
  title: Texts
  versions: number
  active_version: string | null
  previous_version: string | null
  shipped_version: string | null
  /** Came with the service and waits to be activated. */
  offered_version: string | null
  how: ActivationHow | null
  activated_at: Instant | null
  activated_by: string | null
  numbers: string[]
  /** Why the active version cannot be used. */
  broken: string | null
  /** Within the last seven days. */
  recent_calls: number
}

export interface FlowVersion {
  version: string
  title: Texts
  note: string
  shipped: boolean
  active: boolean
  created_at: Instant
  created_by: string | null
}

export interface FlowActivation {
  version: string
  previous_version: string | null
  how: ActivationHow
  activated_at: Instant
  activated_by: string | null
}

/** What to look at in a text; lines and columns from 1. */
export interface FlowRemark {
  code: string
  detail: string
  file: string
  line: number
  column: number
}

export interface FlowDiff {
  from_version: string
  to_version: string
  diff: string
}

export interface ReplayDifference {
  kind: 'steps_gone' | 'steps_new' | 'answer' | 'outcome' | 'unknown' | 'secret'
  where: string
  then: string
  now: string
}

export interface ReplayedCall {
  run_id: string
  call_id: string
  started_at: Instant
  version: string
  differences: ReplayDifference[]
}

export interface Replay {
  version: string
  calls: number
  same: number
  different: ReplayedCall[]
}

/** Which flow: a text that is not kept yet, a version, or the active one. */
export interface Tried {
  text?: string
  version?: string
}

interface Items<T> {
  items: T[]
}

export const pathOf = (flow: string): string => `/flows/${encodeURIComponent(flow)}`

export const listFlows = (): Promise<Items<Flow>> => get('/flows')
export const readFlow = (flow: string): Promise<Flow> => get(pathOf(flow))
export const listVersions = (flow: string): Promise<Items<FlowVersion>> => get(`${pathOf(flow)}/versions`)
export const readVersion = (flow: string, version: string): Promise<{ version: FlowVersion; text: string }> =>
  get(`${pathOf(flow)}/versions/${version}`)
export const compareVersions = (flow: string, version: string, against: string): Promise<FlowDiff> =>
  get(`${pathOf(flow)}/versions/${version}/diff`, { against })
export const listActivations = (flow: string, cursor: string | null): Promise<Page<FlowActivation>> =>
  get(`${pathOf(flow)}/activations`, { cursor, limit: 20 })

export const checkText = (flow: string, text: string): Promise<{ version: string; kind: FlowKind; warnings: FlowRemark[] }> =>
  post(`${pathOf(flow)}/check`, { text })
/** With `newFlow` a problem `flow.exists` when there is a flow of that name. */
export const addVersion = (flow: string, text: string, note: string, newFlow: boolean): Promise<{ version: string; added: boolean; warnings: FlowRemark[] }> =>
  create(`${pathOf(flow)}/versions`, { text, note, new_flow: newFlow })
export const activate = (flow: string, version: string, active: string | null): Promise<Flow> =>
  post(`${pathOf(flow)}/activate`, { version, active })
export const goBack = (flow: string, active: string): Promise<Flow> => post(`${pathOf(flow)}/back`, { active })

/** SVG; with `calls` how many of the last so many calls went each way. */
export const drawVersion = (flow: string, version: string | null, calls: number | null): Promise<string> =>
  getText(`${pathOf(flow)}/drawing`, { version, calls })
export const drawText = (flow: string, text: string): Promise<string> => postForText(`${pathOf(flow)}/drawing`, { text })

export const replay = (flow: string, tried: Tried, calls: number): Promise<Replay> =>
  post(`${pathOf(flow)}/replay`, { ...tried, calls })

import { pathOf, type Tried } from './flows'
import { post } from './http'
import type { Language } from './types'

export type TrialValue = string | number | boolean | null

export interface TrialWay {
  flow: string
  step: string
  way: string
}

export interface TrialAnswer {
  flow: string
  step: string
  question: string
  value: string
  keys: string
}

export interface TrialDeed {
  action: string
  step: string
  details: Record<string, TrialValue>
}

/** What was said and how it went on; `told` is empty while it waits. */
export interface TrialExchange {
  step: string
  action: string
  ways: TrialWay[]
  answers: TrialAnswer[]
  mistakes: string[]
  says: string[]
  told: string
  deed: TrialDeed | null
}

export interface Trial {
  version: string
  exchanges: TrialExchange[]
  language: Language
  /** What fits now: `0-9*#` for keys, or words; none when the call is over. */
  expected: string[]
  outcome: string | null
  state: string | null
}

export const beginTrial = (flow: string, tried: Tried, language: Language, data: Record<string, TrialValue>): Promise<Trial> =>
  post(`${pathOf(flow)}/try`, { ...tried, language, data })
export const goOn = (flow: string, tried: Tried, state: string, word: string): Promise<Trial> =>
  post(`${pathOf(flow)}/try`, { ...tried, state, word })

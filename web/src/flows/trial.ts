import type { Trial, TrialExchange, TrialValue, TrialWay } from '@/api/flow-trial'

/** Any keys of a telephone. */
export const KEYS = '0-9*#'

/** The exchanges so far with those of the next turn: its first one is the one that waited, with what happened. */
export function joined(before: TrialExchange[], turn: Trial): TrialExchange[] {
  const [first, ...others] = turn.exchanges
  const waited = before.at(-1)
  if (first === undefined) return before
  if (waited === undefined) return turn.exchanges
  return [...before.slice(0, -1), { ...waited, told: first.told }, ...others]
}

/** Where the call is: the last step it came to. */
export function placeOf(exchanges: TrialExchange[]): TrialWay | null {
  return exchanges.flatMap((one) => one.ways).at(-1) ?? null
}

/** The path through one flow, as the drawing names it. */
export function pathIn(flow: string, exchanges: TrialExchange[]): { current: string | null; visited: Set<string>; ways: Set<string> } {
  const all = exchanges.flatMap((one) => one.ways)
  const last = all.at(-1)
  const own = all.filter((way) => way.flow === flow)
  return {
    current: last?.flow === flow ? last.step : null,
    visited: new Set(own.map((way) => way.step)),
    ways: new Set(own.slice(1).map((way, index) => `${own[index]!.step}>${way.step}`)),
  }
}

/** `name = value`, one a line, as the flow gets it; lines that are none are named. */
export function dataOf(text: string): { data: Record<string, TrialValue>; wrong: string[] } {
  const data: Record<string, TrialValue> = {}
  const wrong: string[] = []
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue
    const found = /^([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\s*[=:]\s*(.*)$/.exec(line)
    if (found === null) wrong.push(line)
    else data[found[1]!] = valueOf(found[2]!)
  }
  return { data, wrong }
}

function valueOf(text: string): TrialValue {
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  // A number as it is written; `0042` stays a text, and so does a telephone number.
  return /^-?(0|[1-9]\d{0,8})(\.\d+)?$/.test(text) ? Number(text) : text.replace(/^(["'])(.*)\1$/, '$2')
}

/** The words that have a button: all that fit but keys. */
export function wordsOf(expected: string[]): string[] {
  return expected.filter((word) => word !== KEYS && !/^[0-9*#]$/.test(word))
}

/** Which keys of the telephone do something now. */
export function keysOf(expected: string[]): Set<string> {
  return new Set(expected.includes(KEYS) ? '0123456789*#' : expected.filter((word) => /^[0-9*#]$/.test(word)))
}

/** What is written down of the call so far, the last answer of each question. */
export function answersOf(exchanges: TrialExchange[]): [string, string][] {
  const last = new Map<string, string>()
  for (const answer of exchanges.flatMap((one) => one.answers)) last.set(answer.question, answer.value)
  return [...last]
}

import type { CallDetail, CallInterval, CallLeg, IntervalKind } from '@/api/calls'

export interface TimelineBar {
  kind: IntervalKind
  /** Shares of the whole picture's width, 0 to 1. */
  from: number
  width: number
  seconds: number | null
  /** The end is not known, or not yet. */
  open: boolean
}

export interface TimelineRow {
  id: string
  leg: CallLeg | null
  agentId: number | null
  /** The span in which the leg existed; null for a row without a leg. */
  span: { from: number; width: number } | null
  bars: TimelineBar[]
}

export interface Timeline {
  startMs: number
  endMs: number
  rows: TimelineRow[]
  /** Offsets from the start in seconds at which to draw a mark. */
  ticks: number[]
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]
const MOST_TICKS = 8

/** The step between marks, so that there are at most eight. */
export function tickSeconds(totalSeconds: number): number {
  return STEPS.find((step) => totalSeconds / step <= MOST_TICKS) ?? 7200
}

/** A picture of the call: one row per leg that a person knows, with its measured intervals as bars. */
export function timelineOf(call: CallDetail, nowMs: number): Timeline {
  const instants = [call.started_at, call.ended_at, ...call.intervals.flatMap((one) => [one.started_at, one.ended_at])]
    .map((instant) => (instant === null ? NaN : Date.parse(instant)))
    .filter(Number.isFinite)
  const startMs = Math.min(...instants)
  const endMs = Math.max(startMs + 1000, call.ended_at === null ? nowMs : 0, ...instants)
  const share = (instant: string): number => (Date.parse(instant) - startMs) / (endMs - startMs)
  const spanOf = (from: string, to: string | null): { from: number; width: number } => {
    const begin = Math.max(0, share(from))
    return { from: begin, width: Math.max(0, Math.min(1, to === null ? 1 : share(to)) - begin) }
  }
  const barOf = (one: CallInterval): TimelineBar => ({
    kind: one.kind,
    ...spanOf(one.started_at, one.ended_at),
    seconds: one.ended_at === null ? null : (Date.parse(one.ended_at) - Date.parse(one.started_at)) / 1000,
    open: one.ended_at === null,
  })

  const rows: TimelineRow[] = call.legs
    .filter((leg) => leg.kind !== 'local')
    .map((leg) => ({
      id: leg.id,
      leg,
      agentId: leg.agent_id ?? null,
      span: spanOf(leg.started_at, leg.ended_at),
      bars: call.intervals.filter((one) => one.leg_id === leg.id).map(barOf),
    }))
  const shown = new Set(rows.map((row) => row.id))
  const rest = call.intervals.filter((one) => one.leg_id === null || !shown.has(one.leg_id))
  if (rest.length > 0) {
    rows.push({ id: 'rest', leg: null, agentId: rest[0]?.agent_id ?? null, span: null, bars: rest.map(barOf) })
  }

  const total = (endMs - startMs) / 1000
  const step = tickSeconds(total)
  const ticks = Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step)
  return { startMs, endMs, rows, ticks }
}

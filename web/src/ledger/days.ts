import type { LedgerDay } from '@/api/ledger'

export interface DayBar {
  day: string
  channels: number
  /** Channels that do not fit, and legs without a channel. */
  unmatched: number
  filled: number
  /** Parts of the picture's height, from 0 to 1. */
  height: number
  wrong: number
}

/** So much of a bar is drawn at least, so that one channel of a thousand is seen. */
const LEAST = 0.06
/** More days are too thin to be told apart. */
const MOST_DAYS = 62

/** The bars of the days, without holes: a day on which nothing ended has an empty one. */
export function dayBars(days: LedgerDay[]): DayBar[] {
  if (days.length === 0) return []
  const known = new Map(days.map((day) => [day.day, day]))
  const most = Math.max(...days.map((day) => day.channels + day.lone_legs), 1)
  const bars: DayBar[] = []
  const last = days[days.length - 1]!.day
  for (let day = days[0]!.day; day <= last; day = nextDay(day)) {
    const found = known.get(day)
    const channels = found?.channels ?? 0
    const unmatched = found === undefined ? 0 : found.channels - found.matched + found.lone_legs
    const total = channels + (found?.lone_legs ?? 0)
    bars.push({
      day,
      channels,
      unmatched,
      filled: found?.filled ?? 0,
      height: total === 0 ? 0 : Math.max(total / most, LEAST),
      wrong: unmatched === 0 ? 0 : Math.max(unmatched / most, LEAST),
    })
  }
  return bars.slice(-MOST_DAYS)
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}

const REASONS = ['asterisk_restarted', 'connected', 'disconnected', 'snapshot']

/** Which sentence says why events were missed; whatever else stands there is what broke the connection. */
export function gapReason(reason: string): { key: string; detail: string | null } {
  if (REASONS.includes(reason)) return { key: reason, detail: null }
  if (reason === 'the service stopped') return { key: 'stopped', detail: null }
  return { key: 'disconnected', detail: reason }
}

/** How long a gap was, in seconds; null when nobody knows when it began. */
export function gapSeconds(from: string | null, to: string): number | null {
  return from === null ? null : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}

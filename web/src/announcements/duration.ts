/** For how long an announcement is switched on. */
export type Duration = 'open' | 'half_hour' | 'hour' | 'two_hours' | 'today'
export const DURATIONS: Duration[] = ['open', 'half_hour', 'hour', 'two_hours', 'today']

const MINUTES: Partial<Record<Duration, number>> = { half_hour: 30, hour: 60, two_hours: 120 }

/** The instant at which it ends; null when somebody has to switch it off. Today ends at the reader's midnight. */
export function endOf(duration: Duration, nowMs: number): string | null {
  if (duration === 'open') return null
  const minutes = MINUTES[duration]
  if (minutes !== undefined) return new Date(nowMs + minutes * 60_000).toISOString()
  return new Date(new Date(nowMs).setHours(24, 0, 0, 0)).toISOString()
}

/** What is wrong with a span; no begin is at once, no end is never. */
export function spanMistake(from: Date | null, until: Date | null, nowMs: number): 'over' | 'ends_first' | null {
  if (until === null) return null
  if (until.getTime() <= nowMs) return 'over'
  return from !== null && until <= from ? 'ends_first' : null
}

/** The next full hour of the reader's clock. */
export function nextHour(nowMs: number): Date {
  const at = new Date(nowMs)
  at.setHours(at.getHours() + 1, 0, 0, 0)
  return at
}

/** The two that are there from the start come first, then what is on, then by name. */
export function inOrder<T extends { name: string; is_on: boolean }>(announcements: T[]): T[] {
  const first = (one: T): number => (one.name === 'surge' ? 0 : one.name === 'outage' ? 1 : 2 + Number(!one.is_on))
  return [...announcements].sort((a, b) => first(a) - first(b) || a.name.localeCompare(b.name))
}

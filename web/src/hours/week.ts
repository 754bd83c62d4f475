import type { Span } from '@/api/hours'

const DAY = 1440
const TIME = /^([01]?\d|2[0-4]):([0-5]\d)$/

function minute(time: string): number | null {
  const parts = TIME.exec(time)
  const found = parts === null ? NaN : Number(parts[1]) * 60 + Number(parts[2])
  return found <= DAY ? found : null
}

/** `09:00-12:00, 13:30-18:00`; nothing at all is closed. null: not readable. */
export function readHours(text: string): Span[] | null {
  const parts = text.trim().replaceAll(/\s*[-–~]\s*/g, '-').split(/[,;，；、\s]+/).filter((part) => part !== '')
  const spans = parts.map((part) => part.split('-'))
  if (spans.some((ends) => ends.length !== 2 || ends.some((time) => minute(time) === null))) return null
  return spans.map(([from, to]) => ({ from: from!, to: to! }))
}

export const hoursText = (spans: Span[]): string => spans.map(({ from, to }) => `${from}-${to}`).join(', ')

/** A bar of a day's picture; begin and length are shares of the day. */
export interface Bar {
  begin: number
  length: number
}

/** The bars of seven days, Monday first; what goes on past midnight is drawn on the next day. */
export function weekBars(week: Span[][]): Bar[][] {
  const bars: Bar[][] = week.map(() => [])
  week.forEach((spans, day) => {
    for (const span of spans) {
      const begins = (minute(span.from) ?? 0) % DAY
      const to = minute(span.to) ?? 0
      const ends = to > begins ? to : to + DAY
      bars[day]!.push({ begin: begins / DAY, length: (Math.min(ends, DAY) - begins) / DAY })
      if (ends > DAY) bars[(day + 1) % week.length]!.push({ begin: 0, length: (ends - DAY) / DAY })
    }
  })
  return bars
}

/** The names of the days of the week, Monday first. */
export function weekdays(language: string): string[] {
  const format = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' })
  // The first of January 2024 was a Monday.
  return Array.from({ length: 7 }, (_, day) => format.format(Date.UTC(2024, 0, 1 + day)))
}

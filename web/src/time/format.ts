import type { Instant } from '@/api/types'

/** What a person sees where nothing is known. */
export const UNKNOWN = '–'

/** `0:07`, `12:34`, `1:02:03`; a dash for what is not known. */
export function clockText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const tail = String(whole % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** The same for a screen reader's `datetime` attribute. */
export function isoDuration(seconds: number | null): string | undefined {
  return seconds === null ? undefined : `PT${Math.floor(seconds)}S`
}

function formatter(language: string, options: Intl.DateTimeFormatOptions): (instant: Instant | null) => string {
  const format = new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...options })
  return (instant) => {
    const ms = instant === null ? NaN : Date.parse(instant)
    return Number.isFinite(ms) ? format.format(ms) : UNKNOWN
  }
}

export const timeFormat = (language: string): ((instant: Instant | null) => string) =>
  formatter(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** `2026-11-22 05:30` for every reader: the same in tables, in the date fields, and in no doubt about day and month. */
export const dateTimeFormat = formatter('sv-SE', {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
})

export const dayFormat = (language: string): ((instant: Instant | null) => string) =>
  formatter(language, { year: 'numeric', month: 'short', day: 'numeric' })

export function percentText(language: string, share: number | null | undefined): string {
  if (share === null || share === undefined) return UNKNOWN
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(share)
}

export function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? UNKNOWN : String(count)
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3_600], ['minute', 60]]

/** `5 minutes ago`, `in 2 days`; rounded towards now. */
export function relativeText(language: string, at: Instant | null, nowMs: number): string {
  const seconds = at === null ? NaN : (Date.parse(at) - nowMs) / 1000
  if (!Number.isFinite(seconds)) return UNKNOWN
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60]
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' }).format(Math.trunc(seconds / length), unit)
}

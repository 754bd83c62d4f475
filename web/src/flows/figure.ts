import type { Figure } from '@/api/flow-results'
import { UNKNOWN } from '@/time/format'

export type Unit = 'share' | 'mark' | 'nps'

function numberText(language: string, value: number, unit: Unit): string {
  if (unit === 'share') return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(value)
  const digits = unit === 'mark' ? 2 : 0
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value)
}

/** `62.5%`; a dash without answers. */
export function valueText(language: string, figure: Figure | null, unit: Unit): string {
  return figure === null || figure.value === null ? UNKNOWN : numberText(language, figure.value, unit)
}

/** `55.1% – 69.4%`; empty where there is no interval. */
export function marginText(language: string, figure: Figure | null, unit: Unit): string {
  if (figure === null || figure.low === null || figure.high === null) return ''
  return `${numberText(language, figure.low, unit)} – ${numberText(language, figure.high, unit)}`
}

/** Days as they are chosen, from the first one's begin to the last one's end; the last thirty without a choice. */
export function spanOf(range: [Date, Date] | null, now: Date): { from: string; to: string } {
  const day = 86_400_000
  if (range === null) return { from: new Date(now.getTime() - 30 * day).toISOString(), to: now.toISOString() }
  const end = new Date(range[1].getFullYear(), range[1].getMonth(), range[1].getDate() + 1)
  return { from: range[0].toISOString(), to: end.toISOString() }
}

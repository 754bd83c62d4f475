import type { Instant } from '@/api/types'

const FORMS = new Map<string, Intl.DateTimeFormat>()

function clockOf(zone: string): Intl.DateTimeFormat | null {
  const known = FORMS.get(zone)
  if (known !== undefined) return known
  try {
    const form = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
    })
    FORMS.set(zone, form)
    return form
  } catch {
    // A zone that this browser does not know.
    return null
  }
}

/** `2026-11-22 05:30` on each clock where somebody may be, without those that show the same. */
export function localTimes(at: Instant | number | null, zones: string[]): string[] {
  const ms = typeof at === 'number' ? at : at === null ? NaN : Date.parse(at)
  if (!Number.isFinite(ms)) return []
  return [...new Set(zones.flatMap((zone) => clockOf(zone)?.format(ms) ?? []))].sort()
}

/** Local times in a few words: the one, or the first and the last of several. */
export function localText(at: Instant | number | null, zones: string[]): string | null {
  const times = localTimes(at, zones)
  if (times.length === 0) return null
  return times.length === 1 ? times[0]! : `${times[0]} … ${times.at(-1)}`
}

import type { Level, Placing } from '@/api/do-not-call'

export const LEVELS: Level[] = ['global', 'client', 'campaign']

/** At which level a number is not called, why, and until when, as people fill it in. */
export interface PlacingForm {
  level: Level
  name: string
  reason: string
  expires: Date | null
}

export const emptyPlacing = (): PlacingForm => ({ level: 'global', name: '', reason: '', expires: null })

export const isPlaced = (form: PlacingForm): boolean => form.level === 'global' || form.name.trim() !== ''

/** The form as the service takes it. */
export function placingOf(form: PlacingForm): Placing {
  return {
    level: form.level,
    name: form.level === 'global' ? null : form.name.trim(),
    reason: form.reason.trim() || null,
    expires_at: form.expires?.toISOString() ?? null,
  }
}

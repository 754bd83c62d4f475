import type { Disposition } from '@/api/types'

const PREFIX = 'cti.draft.'

/** What an agent has typed and not saved, kept over a reload of the page; one draft per call, for this tab only. */
export function readDraft(callId: string): Disposition | null {
  const text = sessionStorage.getItem(PREFIX + callId)
  if (text === null) return null
  try {
    return JSON.parse(text) as Disposition
  } catch {
    return null
  }
}

export function keepDraft(callId: string, draft: Disposition | null): void {
  if (draft === null) sessionStorage.removeItem(PREFIX + callId)
  else sessionStorage.setItem(PREFIX + callId, JSON.stringify(draft))
}

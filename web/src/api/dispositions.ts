import { get, put } from './http'
import type { Answers, Disposition, SavedDisposition, Titled } from './types'

/** What a disposition means for a campaign's contact. */
export type NextStep = 'done' | 'retry' | 'callback' | 'refuse' | 'wrong_number'
export type FieldKind = 'text' | 'number' | 'choice' | 'yes_no' | 'date'

export interface OfferedField {
  name: string
  title: string
  kind: FieldKind
  choices: Titled[]
  required: boolean
}

/** What may be said of a call, and filled in; `campaign` (its title) is null when it is no campaign's call. */
export interface DispositionOffer {
  campaign: string | null
  script: string | null
  dispositions: { code: string; title: string; next: NextStep | null }[]
  form: OfferedField[]
  /** What oneself has saved. */
  answers: Answers | null
}

const at = (callId: string, part: string): string => `/calls/${encodeURIComponent(callId)}/${part}`

export const readOffer = (callId: string, queue: string | null): Promise<DispositionOffer> => get(at(callId, 'disposition-form'), { queue })
export const saveDisposition = (callId: string, disposition: Disposition): Promise<SavedDisposition> => put(at(callId, 'disposition'), disposition)

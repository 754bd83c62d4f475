import { get, post } from './http'
import type { DialCheck } from './dialling'

/** Somebody of a campaign, before one dials. */
export interface PreviewContact {
  id: number
  campaign: string
  script: string | null
  name: string | null
  number: string
  number_display: string
  time_zones: string[]
  details: Record<string, string>
}

/** Who is shown, or why nobody is; both null: nobody is left. `campaigns` is how many there are for one's queues. */
export interface Preview {
  campaigns: number
  contact: PreviewContact | null
  refusal: DialCheck['refusal']
}

export const readPreview = (): Promise<Preview> => get('/agent/preview')
export const nextPreview = (): Promise<Preview> => post('/agent/preview/next')
export const skipPreview = (): Promise<Preview> => post('/agent/preview/skip')
export const dialPreview = (): Promise<unknown> => post('/agent/preview/dial')

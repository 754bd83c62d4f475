import { get, put, remove } from './http'
import type { Language } from './types'

/** A number that people dial: which flow answers, and the queue that takes over without it. */
export interface InboundNumber {
  dnis: string
  flow: string | null
  queue: string
  /** null: callers are asked. */
  language: Language | null
}

const pathOf = (dnis: string): string => `/inbound-numbers/${encodeURIComponent(dnis)}`

export const listNumbers = (): Promise<{ items: InboundNumber[] }> => get('/inbound-numbers')
export const setNumber = ({ dnis, ...where }: InboundNumber): Promise<InboundNumber> => put(pathOf(dnis), where)
export const forgetNumber = (dnis: string): Promise<unknown> => remove(pathOf(dnis))

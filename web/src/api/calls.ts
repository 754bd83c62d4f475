import { create, get, put } from './http'
import type { CallDetail, CallSummary, Customer, Disposition, Page, SavedDisposition, ScreenPop } from './types'

export interface CallFilter {
  from?: string | null
  to?: string | null
  queue?: string | null
  agent?: string | number | null
  number?: string | null
}

const id = encodeURIComponent

export const listCalls = (filter: CallFilter, cursor: string | null, limit = 50): Promise<Page<CallSummary>> =>
  get('/calls', { ...filter, cursor, limit })

export const readCall = (callId: string): Promise<CallDetail> => get(`/calls/${id(callId)}`)

export const saveDisposition = (callId: string, disposition: Disposition): Promise<SavedDisposition> =>
  put(`/calls/${id(callId)}/disposition`, disposition)

export const linkCustomer = (callId: string, customerId: number): Promise<ScreenPop> =>
  put(`/calls/${id(callId)}/customer`, { customer_id: customerId })

export interface NewCustomer {
  name: string
  numbers: string[]
  language: string
  company: string | null
  note: string | null
}

export const createCustomer = (customer: NewCustomer): Promise<Customer> => create('/customers', customer)
export const findCustomers = (q: string): Promise<Page<Customer>> => get('/customers', { q, limit: 20 })

import { create, get, patch, remove } from './http'
import type { Device, Instant, Language, Queue, Role } from './types'

export interface AdminUser {
  id: number
  username: string
  name: string
  role: Role
  language: Language
  agent_id: number | null
  active: boolean
  agent: { queues: string[] } | null
  /** Shown once, when the user was made without a password. */
  generated_password?: string | null
}

export interface Token {
  id: number
  name: string
  scopes: string[]
  created_at: Instant
  last_used_at?: Instant | null
  token?: string
}

export interface ServiceStatus {
  ami: { state: string; since: Instant | null; last_error: string | null }
  journal: { position: string | number; durable_position: string | number; health: string; error: string | null }
  recorder: { position: string | number; lag_seconds: number | null; state: string }
  database: { state: string }
  loop_lag_seconds: number
  version: string
}

interface Items<T> {
  items: T[]
}

export interface UserInput {
  username: string
  name: string
  role: Role
  language: Language
  password?: string
  agent?: { queues: string[] } | null
}

export type DeviceInput = Pick<Device, 'name' | 'interface' | 'extension'>
export type QueueInput = Omit<Queue, 'id'>

export const listUsers = (): Promise<Items<AdminUser>> => get('/users', { limit: 200 })
export const createUser = (user: UserInput): Promise<AdminUser> => create('/users', user)
export const changeUser = (id: number, user: Partial<UserInput> & { active?: boolean }): Promise<AdminUser> => patch(`/users/${id}`, user)

export const createDevice = (device: DeviceInput): Promise<Device> => create('/devices', device)

export const createQueue = (queue: QueueInput): Promise<Queue> => create('/queues', queue)
export const changeQueue = (id: number, queue: Partial<QueueInput>): Promise<Queue> => patch(`/queues/${id}`, queue)

export const listTokens = (): Promise<Items<Token>> => get('/tokens')
export const createToken = (name: string, scopes: string[]): Promise<Token> => create('/tokens', { name, scopes })
export const removeToken = (id: number): Promise<unknown> => remove(`/tokens/${id}`)

export const readStatus = (): Promise<ServiceStatus> => get('/status')

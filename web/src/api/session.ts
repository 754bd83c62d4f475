import { get, patch, post, remove } from './http'
import type { Language, Role } from './types'

export interface User {
  id: number
  username: string
  name: string
  role: Role
  language: Language
  agent_id: number | null
}

export interface Session {
  user: User
  csrf_token: string
}

export const readSession = (): Promise<Session> => get('/session')
export const openSession = (username: string, password: string): Promise<Session> =>
  post('/session', { username, password })
export const closeSession = (): Promise<unknown> => remove('/session')
export const changeLanguage = (language: Language): Promise<User> => patch('/session', { language })

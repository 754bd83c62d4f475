import { get, patch, post, remove } from './http'
import type { Language, Session, User } from './types'

export const readSession = (): Promise<Session> => get('/session')
export const openSession = (username: string, password: string): Promise<Session> =>
  post('/session', { username, password })
export const closeSession = (): Promise<unknown> => remove('/session')
export const changeLanguage = (language: Language): Promise<User> => patch('/session', { language })

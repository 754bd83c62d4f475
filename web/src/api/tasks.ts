import { get, post, put } from './http'
import type { Instant, Page } from './types'

export type TaskState = 'open' | 'taken' | 'done' | 'cancelled'
export type TaskKind = 'callback' | 'voicemail' | 'tip' | 'complaint' | 'follow_up'
export const TASK_KINDS: TaskKind[] = ['callback', 'voicemail', 'tip', 'complaint', 'follow_up']

export interface Somebody {
  id: number
  name: string
}

export interface Task {
  id: string
  reference: string
  kind: TaskKind
  state: TaskState
  queue: string | null
  /** For supervisors alone. */
  supervisor: boolean
  opened_at: Instant
  due_at: Instant | null
  call_id: string | null
  /** Masked for agents who have not taken it. */
  number: string | null
  /** What the flow says of it. */
  values: Record<string, string | number | boolean | null>
  has_recording: boolean
  taken_by: Somebody | null
  taken_at: Instant | null
  closed_by: Somebody | null
  closed_at: Instant | null
  note: string
}

export interface TaskAct {
  at: Instant
  by: Somebody | null
  act: 'taken' | 'released' | 'done' | 'cancelled' | 'reopened' | 'noted' | 'listened'
  note: string | null
}

export interface TaskFilter {
  closed?: boolean
  mine?: boolean
  state?: TaskState
  queue?: string
  kind?: string
  reference?: string
}

const at = (id: string, act = ''): string => `/tasks/${encodeURIComponent(id)}${act}`

export const listTasks = (filter: TaskFilter, cursor: string | null): Promise<Page<Task>> => {
  const { closed, mine, ...rest } = filter
  return get('/tasks', { ...rest, closed: closed ? 'true' : null, mine: mine ? 'true' : null, cursor, limit: 50 })
}
export const readTask = (id: string): Promise<{ task: Task; history: TaskAct[] }> => get(at(id))
export const takeTask = (id: string): Promise<Task> => post(at(id, '/take'))
export const releaseTask = (id: string): Promise<Task> => post(at(id, '/release'))
export const finishTask = (id: string, note: string): Promise<Task> => post(at(id, '/done'), { note })
export const cancelTask = (id: string, note: string): Promise<Task> => post(at(id, '/cancel'), { note })
export const reopenTask = (id: string): Promise<Task> => post(at(id, '/reopen'))
export const writeTaskNote = (id: string, note: string): Promise<Task> => put(at(id, '/note'), { note })

/** Where the browser plays the recording from. */
export const recordingAddress = (id: string): string => `/api/v1${at(id, '/recording')}`

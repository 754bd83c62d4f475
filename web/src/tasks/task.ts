import type { Task, TaskFilter } from '@/api/tasks'

/** Which tasks somebody looks at. */
export type TaskView = 'open' | 'mine' | 'done'

const NAMES = ['name', 'caller', 'customer', 'caller_name', 'customer_name']

export const isClosed = (task: Task): boolean => task.state === 'done' || task.state === 'cancelled'

/** Whether it should have been done by now. */
export function isOverdue(task: Task, nowMs: number): boolean {
  return !isClosed(task) && task.due_at !== null && Date.parse(task.due_at) < nowMs
}

/** The caller's name, if the flow says one. */
export function callerName(task: Task): string | null {
  const found = NAMES.map((name) => task.values[name]).find((value) => typeof value === 'string' && value !== '')
  return typeof found === 'string' ? found : null
}

/** All that the flow says, but what is empty. */
export function saidValues(task: Task): [string, string | number | boolean][] {
  return Object.entries(task.values).flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]]))
}

/** What somebody may do with a task; `mine` tells whether he has taken it, `leads` whether he is a supervisor. */
export function mayDo(task: Task, mine: boolean, leads: boolean, closedByMe: boolean): Record<'take' | 'release' | 'close' | 'reopen', boolean> {
  const closed = isClosed(task)
  const free = task.taken_by === null
  return {
    take: !closed && free,
    release: !closed && !free && (mine || leads),
    close: !closed && (free || mine || leads),
    reopen: closed && (closedByMe || leads),
  }
}

export function filterOf(view: TaskView, choice: { queue: string; kind: string; reference: string }): TaskFilter {
  const chosen: TaskFilter = { queue: choice.queue, kind: choice.kind, reference: choice.reference.replace(/\D/g, '') }
  if (view === 'done') return { ...chosen, closed: true }
  return view === 'mine' ? { ...chosen, state: 'taken', mine: true } : chosen
}

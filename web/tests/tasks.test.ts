import { createPinia, setActivePinia } from 'pinia'
import { expect, test } from 'vitest'

import type { Task } from '@/api/tasks'
import { useLive } from '@/live/store'
import { callerName, filterOf, isOverdue, mayDo, saidValues } from '@/tasks/task'
import { relativeText } from '@/time/format'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const task = (change: Partial<Task> = {}): Task => ({
  id: 't', reference: '3301', kind: 'tip', state: 'open', queue: 'news', supervisor: false, opened_at: '2026-03-01T11:00:00Z', due_at: null,
  call_id: null, number: null, values: {}, has_recording: false, taken_by: null, taken_at: null, closed_by: null, closed_at: null, note: '', ...change,
})

test('a task is overdue while it is to be done, and not after', () => {
  expect(isOverdue(task(), NOW)).toBe(false)
  expect(isOverdue(task({ due_at: '2026-03-01T11:59:59Z' }), NOW)).toBe(true)
  expect(isOverdue(task({ due_at: '2026-03-01T12:00:01Z' }), NOW)).toBe(false)
  expect(isOverdue(task({ due_at: '2026-03-01T11:59:59Z', state: 'done' }), NOW)).toBe(false)
})

test('who may do what: his own, what is free, and a supervisor all', () => {
  const taken = task({ state: 'taken', taken_by: { id: 7, name: 'A' } })
  expect(mayDo(task(), false, false, false)).toEqual({ take: true, release: false, close: true, reopen: false })
  expect(mayDo(taken, true, false, false)).toEqual({ take: false, release: true, close: true, reopen: false })
  expect(mayDo(taken, false, false, false)).toEqual({ take: false, release: false, close: false, reopen: false })
  expect(mayDo(taken, false, true, false)).toEqual({ take: false, release: true, close: true, reopen: false })
  expect(mayDo(task({ state: 'done' }), false, false, true).reopen).toBe(true)
  expect(mayDo(task({ state: 'done' }), false, false, false).reopen).toBe(false)
})

test('what the flow says is shown, what is empty is not', () => {
  const one = task({ values: { name: 'Li', mark: 0, note: '', agreed: false, nothing: null } })
  expect(callerName(one)).toBe('Li')
  expect(callerName(task({ values: { name: 3 } }))).toBeNull()
  expect(saidValues(one)).toEqual([['name', 'Li'], ['mark', 0], ['agreed', false]])
})

test('a reference may be typed with spaces', () => {
  const choice = { queue: '', kind: '', reference: '330 001 5' }
  expect(filterOf('done', choice)).toEqual({ queue: '', kind: '', reference: '3300015', closed: true })
  expect(filterOf('mine', choice)).toMatchObject({ state: 'taken', mine: true })
})

test('an age is said in words of the language', () => {
  expect(relativeText('en', '2026-03-01T11:00:00Z', NOW)).toBe('1 hr. ago')
  expect(relativeText('zh-CN', '2026-03-03T13:00:00Z', NOW)).toContain('后天')
  expect(relativeText('en', null, NOW)).toBe('–')
})

test('counts of tasks come with the snapshot and with every change', () => {
  setActivePinia(createPinia())
  const live = useLive()
  const tasks = [{ queue: 'news', supervisor: false, open: 2, taken: 1 }]
  live.apply({ seq: 1, at: '2026-03-01T12:00:00Z', type: 'snapshot', agent: null, queues: [], agents: [], tasks })
  expect(live.taskCounts).toEqual(tasks)
  live.apply({ seq: 2, at: '2026-03-01T12:00:01Z', type: 'tasks', tasks: [], changed: ['t'] })
  expect(live.taskCounts).toEqual([])
  expect(live.changedTasks).toEqual(['t'])
})

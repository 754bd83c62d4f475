import { expect, test } from 'vitest'

import type { CallDetail } from '@/api/calls'
import type { AgentLive, QueueLive } from '@/api/live-frames'
import { tickSeconds, timelineOf } from '@/calls/timeline'
import { filterAgents } from '@/supervisor/agent-filter'
import { sorted } from '@/supervisor/sorting'
import { totalsOf } from '@/supervisor/totals'

const queue = (fields: Partial<QueueLive>): QueueLive => ({
  name: 'q', title: 'Q', waiting: null, longest_wait_since: null, service_level_today: null, offered_today: null,
  answered_today: null, abandoned_today: null, ready: null, talking: null, wrap_up: null, paused: null, signed_in: null, ...fields,
})

test('the service level of all queues is weighed by what was offered', () => {
  const totals = totalsOf([
    queue({ service_level_today: 1, offered_today: 90 }),
    queue({ service_level_today: 0, offered_today: 10 }),
    queue({ service_level_today: null, offered_today: 0 }),
  ])
  expect(totals.serviceLevel).toBeCloseTo(0.9)
  expect(totals.offered).toBe(100)
})

test('what no queue knows is not zero', () => {
  const totals = totalsOf([queue({})])
  expect(totals.waiting).toBeNull()
  expect(totals.serviceLevel).toBeNull()
})

test('the longest wait of all is the earliest', () => {
  const totals = totalsOf([
    queue({ longest_wait_since: '2026-11-22T05:31:00Z' }),
    queue({ longest_wait_since: '2026-11-22T05:30:00Z' }),
    queue({}),
  ])
  expect(totals.longestWaitSince).toBe('2026-11-22T05:30:00Z')
})

const agents = [
  { agent_id: 1, name: '王晓梅', state: 'ready', queues: ['sales'], device: null, call: null },
  { agent_id: 2, name: 'Emma', state: 'talking', queues: ['support'], device: { id: 1, name: 'Desk 4', interface: 'PJSIP/4' }, call: null },
] as unknown as AgentLive[]

test.each([
  [{ search: '晓', states: [], queue: '' }, [1]],
  [{ search: 'DESK 4', states: [], queue: '' }, [2]],
  [{ search: '', states: ['talking' as const], queue: '' }, [2]],
  [{ search: '', states: [], queue: 'sales' }, [1]],
  [{ search: '', states: [], queue: '' }, [1, 2]],
])('agents filtered by %j', (filter, ids) => {
  expect(filterAgents(agents, filter, 'zh-CN').map((agent) => agent.agent_id)).toEqual(ids)
})

test('what is not known is sorted last, whichever way round', () => {
  const values = [3, null, 1]
  expect(sorted(values, (value) => value, false, 'en')).toEqual([1, 3, null])
  expect(sorted(values, (value) => value, true, 'en')).toEqual([3, 1, null])
})

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 5, 30, second)).toISOString()
const call = {
  started_at: at(0),
  ended_at: at(40),
  legs: [
    { id: 'caller', kind: 'trunk', started_at: at(0), answered_at: at(0), ended_at: at(40) },
    { id: 'plumbing', kind: 'local', started_at: at(0), answered_at: null, ended_at: at(40) },
    { id: 'agent', kind: 'device', agent_id: 7, started_at: at(10), answered_at: at(20), ended_at: at(40) },
  ],
  intervals: [
    { id: '1', kind: 'wait', leg_id: 'caller', started_at: at(0), ended_at: at(20) },
    { id: '2', kind: 'talk', leg_id: 'agent', started_at: at(20), ended_at: at(40) },
    { id: '3', kind: 'wrap_up', leg_id: null, agent_id: 7, started_at: at(40), ended_at: at(50) },
  ],
} as unknown as CallDetail

test('the picture of a call shows each leg that a person knows, and no plumbing', () => {
  const timeline = timelineOf(call, Date.parse(at(60)))
  expect(timeline.rows.map((row) => row.id)).toEqual(['caller', 'agent', 'rest'])
})

test('bars stand where their interval was', () => {
  const [caller, agent] = timelineOf(call, Date.parse(at(60))).rows
  expect(caller?.bars[0]).toMatchObject({ kind: 'wait', from: 0, width: 0.4, seconds: 20, open: false })
  expect(agent?.bars[0]?.from).toBeCloseTo(0.4)
})

test('an interval without an end runs to the end of the picture and has no length', () => {
  const open = { ...call, ended_at: null, intervals: [{ ...call.intervals[0]!, ended_at: null }] }
  const bar = timelineOf(open, Date.parse(at(60))).rows[0]?.bars[0]
  expect(bar).toMatchObject({ open: true, seconds: null, width: 1 })
})

test('there are never more than eight steps of time marks', () => {
  for (const total of [1, 9, 61, 400, 3600, 30_000]) expect(total / tickSeconds(total)).toBeLessThanOrEqual(8)
})

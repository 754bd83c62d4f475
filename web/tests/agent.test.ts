import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'

import { allowedActions } from '@/agent/actions'
import type { LiveFrame, QueueLive } from '@/api/live-frames'
import { Problem } from '@/api/problem'
import type { AgentCall, AgentSnapshot } from '@/api/types'
import { useCommands } from '@/commands/store'
import { useLive } from '@/live/store'
import { expiryOf } from '@/pop/expiry'
import { shortcutOf } from '@/ui/shortcuts'

const AT = '2026-11-22T05:30:00.000Z'

function agentIn(state: AgentSnapshot['state'], more: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    agent_id: 7, name: '王晓梅', state, reason: null, since: AT, device: null, wrap_up_until: null, after_wrap_up: null,
    missed_offers: 0, queues: [], call: null, ...more,
  }
}

let seq = 0
const frame = (fields: object): LiveFrame => ({ seq: seq++, at: AT, ...fields }) as LiveFrame

beforeEach(() => setActivePinia(createPinia()))

test('who is signed out can only sign in', () => {
  expect([...allowedActions(agentIn('logged_out'))]).toEqual(['sign_in'])
})

test('nothing can be done before anything is known', () => {
  expect(allowedActions(null).size).toBe(0)
})

test('hold and resume are never offered together', () => {
  for (const state of ['ready', 'ringing', 'talking', 'hold', 'wrap_up', 'paused'] as const) {
    const can = allowedActions(agentIn(state))
    expect(can.has('hold') && can.has('resume')).toBe(false)
  }
})

test('while consulting, the transfer can be completed or left', () => {
  const call = { phase: 'consulting' } as AgentCall
  const can = allowedActions(agentIn('talking', { call }))
  expect(can.has('complete_transfer')).toBe(true)
  expect(can.has('transfer')).toBe(false)
})

test('a command is pending until the state that comes back confirms it', async () => {
  const live = useLive()
  const commands = useCommands()
  live.apply(frame({ type: 'snapshot', agent: agentIn('paused'), queues: [], agents: [] }))
  const result = commands.run('ready', async () => ({}), () => live.agent?.state === 'ready')
  await vi.waitFor(() => expect(commands.pending.has('ready')).toBe(true))
  live.apply(frame({ type: 'agent', agent: agentIn('ready') }))
  expect(await result).toBe(true)
  expect(commands.pending.size).toBe(0)
  expect(commands.failure).toBeNull()
})

test('a command that no state confirms within three seconds says so', async () => {
  vi.useFakeTimers()
  const commands = useCommands()
  const result = commands.run('hold', async () => ({}), () => false)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(await result).toBe(false)
  expect(commands.failure).toEqual({ action: 'hold', problem: null })
  vi.useRealTimers()
})

test('a refused command shows the problem and is not pending', async () => {
  const commands = useCommands()
  const refusal = new Problem('agent.not_in_call', 409, 'No call')
  await commands.run('hold', () => Promise.reject(refusal), () => true)
  expect(commands.failure?.problem?.code).toBe('agent.not_in_call')
  expect(commands.pending.size).toBe(0)
})

test('a command is not sent twice while it is pending', async () => {
  const commands = useCommands()
  const send = vi.fn(async () => ({}))
  let done = false
  const first = commands.run('hang_up', send, () => done)
  done = true
  expect(await commands.run('hang_up', send, () => true)).toBe(false)
  await first
  expect(send).toHaveBeenCalledTimes(1)
})

test('a snapshot replaces all that was known before', () => {
  const live = useLive()
  const queue = (name: string, waiting: number): QueueLive => ({ name, title: name, waiting }) as QueueLive
  live.apply(frame({ type: 'snapshot', agent: null, queues: [queue('a', 1), queue('b', 2)], agents: [] }))
  live.apply(frame({ type: 'queues', queues: [queue('a', 5)] }))
  expect(live.queues.get('a')?.waiting).toBe(5)
  live.apply(frame({ type: 'snapshot', agent: null, queues: [queue('b', 3)], agents: [] }))
  expect([...live.queues.keys()]).toEqual(['b'])
})

test('the loss of the telephone system is known until it is back', () => {
  const live = useLive()
  live.apply(frame({ type: 'link', asterisk: 'down', since: AT }))
  expect(live.link?.asterisk).toBe('down')
  live.apply(frame({ type: 'link', asterisk: 'up', since: AT }))
  expect(live.link?.asterisk).toBe('up')
})

test.each([
  [-1, 'expired'],
  [0, 'soon'],
  [30, 'soon'],
  [31, 'later'],
  [null, 'unknown'],
] as const)('a subscription with %s days left is %s', (days, expiry) => {
  expect(expiryOf({ days_left: days })).toBe(expiry)
})

test.each([
  [{ altKey: true, code: 'KeyR', key: '®' }, 'Alt+R'],
  [{ altKey: true, code: 'Enter', key: 'Enter' }, 'Alt+Enter'],
  [{ altKey: true, ctrlKey: true, code: 'KeyR', key: 'r' }, null],
  [{ key: '?', code: 'Slash' }, '?'],
  [{ key: 'r', code: 'KeyR' }, null],
] as const)('the key press %j is %s', (init, name) => {
  expect(shortcutOf(new KeyboardEvent('keydown', init))).toBe(name)
})

test('a question mark typed into a field is text', () => {
  const field = document.createElement('textarea')
  let name: string | null = 'none'
  field.addEventListener('keydown', (event) => (name = shortcutOf(event)))
  field.dispatchEvent(new KeyboardEvent('keydown', { key: '?', code: 'Slash' }))
  expect(name).toBeNull()
})

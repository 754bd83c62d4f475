import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'

import { isDue, mayCall } from '@/agent/callback'
import { useDialCheck } from '@/agent/dial-check'
import { useDialling } from '@/agent/dialling'
import type { AgreedCallback } from '@/api/agreed-callbacks'
import { Problem } from '@/api/problem'
import type { AgentSnapshot, AgentStatus } from '@/api/types'
import { useLive } from '@/live/store'
import { localText, localTimes } from '@/time/zones'

const DUE = '2026-03-01T12:00:00Z'
const agent = (state: AgentStatus): AgentSnapshot => ({
  agent_id: 1, name: 'A', state, reason: null, since: null, device: null, wrap_up_until: null, after_wrap_up: null, missed_offers: 0, queues: [], call: null,
})

beforeEach(() => setActivePinia(createPinia()))

test('a callback is due from its time on', () => {
  const one = { due_at: DUE } as AgreedCallback
  expect(isDue(one, Date.parse(DUE) - 1)).toBe(false)
  expect(isDue(one, Date.parse(DUE))).toBe(true)
})

test('who is on the phone or away calls nobody', () => {
  expect(mayCall(null)).toBe(false)
  expect((['ready', 'paused', 'wrap_up'] as const).map((state) => mayCall(agent(state)))).toEqual([true, true, true])
  expect((['logged_out', 'ringing', 'talking', 'hold'] as const).some((state) => mayCall(agent(state)))).toBe(false)
})

test('a time is shown on the clocks where somebody may be, each once', () => {
  expect(localTimes(DUE, ['Asia/Shanghai', 'Asia/Taipei'])).toEqual(['2026-03-01 20:00'])
  expect(localText(DUE, ['America/New_York', 'America/Los_Angeles', 'America/Chicago'])).toBe('2026-03-01 04:00 … 2026-03-01 07:00')
  expect(localText(DUE, [])).toBeNull()
  expect(localText(DUE, ['Nowhere/Town'])).toBeNull()
  expect(localText(null, ['Asia/Shanghai'])).toBeNull()
})

test('the live connection tells how many are due, and of every change', () => {
  const live = useLive()
  live.apply({ seq: 0, at: DUE, type: 'snapshot', agent: null, queues: [], agents: [], callbacks: { due: 2 } })
  const before = live.callbackNews
  expect(live.dueCallbacks).toBe(2)
  live.apply({ seq: 1, at: DUE, type: 'callbacks', callbacks: { due: 3 } })
  expect([live.dueCallbacks, live.callbackNews]).toEqual([3, before + 1])
})

test('a refusal stays to be read until the next try, and what is accepted rings until it is answered', async () => {
  const live = useLive()
  const scope = effectScope()
  const calling = scope.run(() => useDialling<number>())!
  const refusal = new Problem('dial.refused', 409, 'Not dialled', null, [{ code: 'dial.gap', detail: 'Called a moment ago' }])
  expect(await calling.run(7, () => Promise.reject(refusal))).toBe(false)
  expect(calling.refused.value).toEqual({ key: 7, problem: refusal })
  expect(await calling.run(7, () => Promise.resolve())).toBe(true)
  expect([calling.refused.value, calling.rings.value]).toEqual([null, 7])
  live.apply({ seq: 0, at: DUE, type: 'agent', agent: agent('talking') })
  await nextTick()
  expect(calling.rings.value).toBeNull()
  scope.stop()
})

test('a number is asked about once nobody types, and only the last answer counts', async () => {
  vi.useFakeTimers()
  // The network is not ours: when it answers is forced here.
  const asked: string[] = []
  const answers: ((answer: Response) => void)[] = []
  vi.stubGlobal('fetch', (_url: string, request: RequestInit) => {
    asked.push((JSON.parse(String(request.body)) as { number: string }).number)
    return new Promise<Response>((resolve) => answers.push(resolve))
  })
  const typed = ref('')
  const scope = effectScope()
  const { check } = scope.run(() => useDialCheck(() => typed.value))!
  for (const text of ['1', '13', '138 0013 8000']) {
    typed.value = text
    await nextTick()
  }
  await vi.advanceTimersByTimeAsync(400)
  typed.value = '138 0013 8001'
  await nextTick()
  await vi.advanceTimersByTimeAsync(400)
  expect(asked).toEqual(['138 0013 8000', '138 0013 8001'])
  const answer = (number: string): Response =>
    new Response(JSON.stringify({ number, display: number, outside: true, time_zones: [], refusal: null }))
  answers[1]!(answer('+8613800138001'))
  answers[0]!(answer('+8613800138000'))
  await vi.advanceTimersByTimeAsync(0)
  expect(check.value?.number).toBe('+8613800138001')
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

import { beforeEach, expect, test } from 'vitest'
import { shallowRef } from 'vue'

import { given } from '@/agent/disposition-form'
import { useUnsaidCall } from '@/agent/unsaid-call'
import type { AgentCall } from '@/api/types'

const call = (id: string, phase = 'talking'): AgentCall => ({ call_id: id, phase }) as AgentCall

beforeEach(() => sessionStorage.clear())

test('a call of a campaign stays until its agent has said something', () => {
  const now = shallowRef<AgentCall | null>(call('a'))
  const unsaid = useUnsaidCall(7, () => now.value)
  expect(unsaid.shown.value?.call_id).toBe('a')
  unsaid.keep(call('a'))
  now.value = null
  expect(unsaid.shown.value?.call_id).toBe('a')
  // It outlasts a reload, but is nobody else's.
  expect(useUnsaidCall(7, () => null).shown.value?.call_id).toBe('a')
  expect(useUnsaidCall(8, () => null).shown.value).toBeNull()
  unsaid.settle('a')
  expect(unsaid.shown.value?.call_id).toBe('a')
  expect(useUnsaidCall(7, () => null).shown.value).toBeNull()
  unsaid.forget()
  expect(unsaid.shown.value).toBeNull()
})

test('what was said while the call went on is not asked for again', () => {
  const now = shallowRef<AgentCall | null>(call('a'))
  const unsaid = useUnsaidCall(7, () => now.value)
  unsaid.keep(call('a'))
  unsaid.settle('a')
  now.value = null
  expect(unsaid.shown.value).toBeNull()
})

test('another call comes first, but not while it rings', () => {
  const now = shallowRef<AgentCall | null>(null)
  const unsaid = useUnsaidCall(7, () => now.value)
  unsaid.keep(call('a'))
  now.value = call('b', 'ringing')
  expect(unsaid.shown.value).toBeNull()
  now.value = call('b')
  expect(unsaid.shown.value?.call_id).toBe('b')
  now.value = null
  expect(unsaid.shown.value?.call_id).toBe('a')
})

test('empty fields are no answers, but no and nought are', () => {
  expect(given({ paper: '', gift: false, copies: 0, until: '2026-11-26' })).toEqual({ gift: false, copies: 0, until: '2026-11-26' })
})

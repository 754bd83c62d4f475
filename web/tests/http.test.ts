import { afterEach, expect, test, vi } from 'vitest'

import { create, get, patch, setCsrfToken, setOnUnauthorized } from '@/api/http'
import { asProblem, Problem } from '@/api/problem'

// The network is not ours: what it answers is forced here.
const answers = vi.fn<typeof fetch>()
vi.stubGlobal('fetch', answers)

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers })
const sent = (call: number): Record<string, string> => answers.mock.calls[call]![1]!.headers as Record<string, string>
const problemOf = async (work: Promise<unknown>): Promise<Problem> => work.then(() => Promise.reject(new Error('no problem')), asProblem)

afterEach(() => answers.mockReset())

test('a problem keeps its code, words and fields', async () => {
  const fields = [{ pointer: '/name', code: 'field.required', detail: '请填写。' }]
  answers.mockResolvedValue(json(422, { code: 'request.invalid', title: '无效', detail: '请查看。', status: 422, errors: fields }))
  const problem = await problemOf(get('/users'))
  expect(problem).toMatchObject({ code: 'request.invalid', status: 422, detail: '请查看。', fields })
})

test('a body that is no problem is one all the same', async () => {
  answers.mockResolvedValue(new Response('<html>', { status: 502 }))
  expect(await problemOf(get('/users'))).toMatchObject({ code: 'client.bad_answer', status: 502 })
})

test('too many attempts say when to try again', async () => {
  answers.mockResolvedValue(json(429, { code: 'session.too_many', title: 'Slow down' }, { 'Retry-After': '8' }))
  expect((await problemOf(get('/session'))).retryAfterSeconds).toBe(8)
})

test('no network and no answer are told apart', async () => {
  answers.mockRejectedValueOnce(new TypeError('Failed to fetch'))
  expect((await problemOf(get('/users'))).code).toBe('client.unreachable')
  answers.mockRejectedValueOnce(new DOMException('', 'TimeoutError'))
  expect((await problemOf(get('/users'))).code).toBe('client.timeout')
})

test('writes carry the token against forgery, reads do not', async () => {
  setCsrfToken('t0k')
  answers.mockImplementation(async () => json(200, {}))
  await get('/users')
  await patch('/users/1', {})
  expect(sent(0)['X-CSRF-Token']).toBeUndefined()
  expect(sent(1)['X-CSRF-Token']).toBe('t0k')
})

test('an ended session is told, but not by the question who is signed in', async () => {
  const ended = vi.fn()
  setOnUnauthorized(ended)
  answers.mockImplementation(async () => json(401, { code: 'session.none' }))
  await problemOf(get('/session'))
  expect(ended).not.toHaveBeenCalled()
  await problemOf(get('/users'))
  expect(ended).toHaveBeenCalledTimes(1)
})

test('a creation without an answer is asked again under the same key, an answered one under another', async () => {
  answers.mockRejectedValueOnce(new TypeError('Failed to fetch'))
  answers.mockImplementation(async () => json(201, { id: 1 }))
  await problemOf(create('/customers', { name: '张伟' }))
  await create('/customers', { name: '张伟' })
  await create('/customers', { name: '张伟' })
  const keys = [0, 1, 2].map((call) => sent(call)['Idempotency-Key'])
  expect(keys[0]).toBe(keys[1])
  expect(keys[2]).not.toBe(keys[1])
})

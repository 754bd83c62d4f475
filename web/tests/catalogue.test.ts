import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchEffect } from 'vue'

import type { User } from '@/api/session'
import type { Titled } from '@/api/types'
import { useCatalogue } from '@/catalogue/store'
import { useSession } from '@/session/store'

const AGENT = { id: 1, name: 'Ann', role: 'agent', language: 'en' } as unknown as User
const fetched = vi.fn<typeof fetch>()
let there: Titled[]
let isDown: boolean

const named = (code: string, title: string): Titled => ({ code, title }) as Titled
/** How often the list of dispositions was asked for. */
const asked = (): number => fetched.mock.calls.filter(([url]) => String(url).startsWith('/api/v1/dispositions')).length

/** What a page shows of some codes, drawn anew whenever something of it changes. */
function shown(...codes: string[]): { titles: string[] } {
  const catalogue = useCatalogue()
  const page = { titles: [] as string[] }
  watchEffect(() => (page.titles = codes.map((code) => catalogue.dispositionTitle(code))))
  return page
}

beforeEach(async () => {
  vi.stubGlobal('fetch', fetched)
  there = [named('resolved', 'Resolved')]
  isDown = false
  fetched.mockReset()
  fetched.mockImplementation(async (url) => {
    if (isDown) throw new TypeError('unreachable')
    return new Response(JSON.stringify({ items: String(url).includes('/dispositions') ? there : [] }))
  })
  setActivePinia(createPinia())
  useSession().user = AGENT
  useCatalogue()
  const first = shown('resolved')
  await vi.waitFor(() => expect(first.titles).toEqual(['Resolved']))
})

afterEach(() => vi.unstubAllGlobals())

test('the title of a campaign that was started since is asked for', async () => {
  expect(asked()).toBe(1)
  there.push(named('poll/renewed', 'Renewed'), named('poll/later', 'Later'))
  const page = shown('resolved', 'poll/renewed', 'poll/later')
  expect(page.titles).toEqual(['Resolved', 'poll/renewed', 'poll/later'])
  await vi.waitFor(() => expect(page.titles).toEqual(['Resolved', 'Renewed', 'Later']))
  expect(asked()).toBe(2)
})

test('what nobody has a title for is asked for once, together with all that a page shows', async () => {
  const page = shown('gone/one', 'gone/two')
  await vi.waitFor(() => expect(asked()).toBe(2))
  there.push(named('poll/renewed', 'Renewed'))
  const other = shown('gone/two', 'gone/one', 'poll/renewed')
  await vi.waitFor(() => expect(other.titles).toEqual(['gone/two', 'gone/one', 'Renewed']))
  expect(page.titles).toEqual(['gone/one', 'gone/two'])
  await new Promise((resolve) => setTimeout(resolve))
  expect(asked()).toBe(3)
})

test('while the service is away codes are shown, and asked for again with the next picture', async () => {
  there.push(named('poll/renewed', 'Renewed'))
  isDown = true
  const page = shown('poll/renewed')
  await vi.waitFor(() => expect(asked()).toBe(2))
  isDown = false
  await vi.waitFor(() => {
    shown('poll/renewed')
    expect(page.titles).toEqual(['Renewed'])
  })
  expect(asked()).toBe(3)
})

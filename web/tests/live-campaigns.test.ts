import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, type App } from 'vue'

import type { Campaign, KillSwitch, ListedCampaign } from '@/api/campaigns'
import { asListed, isBehind, newest } from '@/campaigns/campaign'
import { useCampaignList, useKillSwitch } from '@/campaigns/live'
import { useLive } from '@/live/store'

const AT = '2026-11-22T05:30:00.123Z'
const one = (id: number, change: Partial<ListedCampaign> = {}): ListedCampaign => ({
  id, state: 'running', version: 1, contacts: 10, contacts_dialling: 0, contacts_closed: 0, ...change,
})
const campaign = (id: number, change: Partial<ListedCampaign> = {}): Campaign => ({ ...one(id), campaign: `c${id}`, ...change }) as Campaign
const OFF: KillSwitch = { on: false, changed_at: '2026-11-22T05:00:00.000Z', changed_by: null }
const ON: KillSwitch = { on: true, changed_at: '2026-11-22T05:29:00.000Z', changed_by: 'Ada' }

// A socket that a test speaks through: only so can a connection be broken at a certain point.
class Wire {
  static readonly OPEN = 1
  readyState = Wire.OPEN
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  heard: unknown[] = []
  private seq = 0
  constructor() {
    wires.push(this)
  }
  send(text: string): void {
    this.heard.push(JSON.parse(text))
  }
  close(): void {
    this.readyState = 3
  }
  says(frame: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify({ seq: this.seq++, at: AT, ...frame }) })
  }
  opens(): void {
    this.says({ type: 'snapshot', agent: null, queues: [], agents: [] })
  }
  lists(whole: boolean, campaigns: ListedCampaign[], removed: number[] = []): void {
    this.says({ type: 'campaigns', whole, campaigns, removed })
  }
  breaks(): void {
    this.readyState = 3
    this.onclose?.()
  }
}

let wires: Wire[]
let apps: App[]
const fetched = vi.fn<typeof fetch>()
const wire = (): Wire => wires.at(-1)!
const told = (): ListedCampaign[] | null => (useLive().listed === null ? null : [...useLive().listed!.values()])

/** What a page has of a composable while it is open. */
function opened<T>(use: () => T): { has: T; leave: () => void } {
  let has!: T
  const app = createApp({
    setup() {
      has = use()
      return () => null
    },
  })
  apps.push(app)
  app.mount(document.createElement('div'))
  return { has, leave: () => app.unmount() }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Wire)
  vi.stubGlobal('fetch', fetched)
  fetched.mockReset()
  wires = []
  apps = []
  setActivePinia(createPinia())
  useLive().start(() => undefined)
  wire().opens()
})

afterEach(() => {
  useLive().stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('the list is told whole, then what changes of it', () => {
  const live = useLive()
  live.watchCampaigns(true)
  expect(wire().heard).toEqual([{ type: 'campaigns', watch: true }])
  // What was said to somebody who looked before means nothing without the whole.
  wire().lists(false, [one(1)])
  expect(told()).toBeNull()
  wire().lists(true, [one(1), one(2)])
  wire().lists(false, [one(1, { contacts_closed: 4 }), one(3)], [2])
  expect(told()).toEqual([one(1, { contacts_closed: 4 }), one(3)])
  live.watchCampaigns(false)
  wire().lists(false, [one(1)])
  expect(told()).toBeNull()
})

test('when the connection comes back, it is asked anew for what is looked at and for nothing else', () => {
  const live = useLive()
  live.watchCampaigns(true)
  wire().lists(true, [one(1), one(2)])
  wire().breaks()
  // Until it is there, what was known last is shown.
  expect(told()).toHaveLength(2)
  vi.advanceTimersByTime(300)
  expect(wires).toHaveLength(2)
  wire().opens()
  expect(wire().heard).toEqual([{ type: 'campaigns', watch: true }])
  wire().lists(true, [one(2)])
  expect(told()).toEqual([one(2)])
  live.watchCampaigns(false)
  live.watchCampaign(7)
  wire().breaks()
  vi.advanceTimersByTime(300)
  wire().opens()
  expect(wire().heard).toEqual([{ type: 'campaign', id: 7 }])
})

test('the switch is forgotten by who is not told of it any more', () => {
  const live = useLive()
  live.watchCampaigns(true)
  live.watchCampaign(7)
  wire().says({ type: 'kill_switch', kill_switch: ON })
  live.watchCampaigns(false)
  expect(live.killSwitch).toEqual(ON)
  live.watchCampaign(null)
  expect(live.killSwitch).toBeNull()
})

test('a page shows the later of what it asked for and what it was told', async () => {
  let answer!: (response: Response) => void
  fetched.mockReturnValue(new Promise((resolve) => (answer = resolve)))
  useLive().watchCampaigns(true)
  const { has } = opened(useKillSwitch)
  wire().says({ type: 'kill_switch', kill_switch: ON })
  answer(new Response(JSON.stringify(OFF)))
  await vi.waitFor(() => expect(has.busy.value).toBe(false))
  expect(has.value.value).toEqual(ON)
  wire().says({ type: 'kill_switch', kill_switch: { ...ON, on: false } })
  await vi.waitFor(() => expect(has.value.value?.on).toBe(false))
  expect(fetched).toHaveBeenCalledTimes(1)
})

test('campaigns are asked for when the page opens and when one is new or changed, and not because of figures', async () => {
  const there = [campaign(1), campaign(2)]
  fetched.mockImplementation(async () => new Response(JSON.stringify({ items: there })))
  const { has, leave } = opened(useCampaignList)
  await vi.waitFor(() => expect(has.campaigns.value).toHaveLength(2))
  wire().lists(true, [one(1, { contacts_closed: 3 }), one(2, { state: 'paused' })])
  await vi.waitFor(() => expect(has.campaigns.value!.map(({ contacts_closed, state }) => [contacts_closed, state])).toEqual([[3, 'running'], [0, 'paused']]))
  expect(fetched).toHaveBeenCalledTimes(1)
  there.push(campaign(3, { version: 2 }))
  wire().lists(false, [one(3, { version: 2 })])
  await vi.waitFor(() => expect(has.campaigns.value!.map(({ campaign: name }) => name)).toEqual(['c1', 'c2', 'c3']))
  // It is gone; and another is told of that the service does not have yet, for which it is asked once.
  wire().lists(false, [one(4)], [2])
  await vi.waitFor(() => expect(has.campaigns.value!.map(({ id }) => id)).toEqual([1, 3]))
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(3))
  wire().lists(false, [one(4)], [1])
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(4))
  leave()
  expect(wire().heard).toEqual([{ type: 'campaigns', watch: true }, { type: 'campaigns', watch: false }])
})

test('what is listed has the figures that were told, and what it is otherwise', () => {
  const known = [campaign(1), campaign(2)]
  expect(asListed(known, null)).toBe(known)
  expect(asListed(known, new Map([[2, one(2, { contacts_closed: 9 })]]))).toEqual([{ ...known[1], contacts_closed: 9 }])
  expect(isBehind(known, new Map([[1, one(1)]]))).toBe(false)
  expect(isBehind(known, new Map([[1, one(1, { version: 2 })]]))).toBe(true)
  expect(isBehind(known, new Map([[3, one(3)]]))).toBe(true)
  expect(newest(OFF, null)).toBe(OFF)
  expect(newest(OFF, ON)).toBe(ON)
  expect(newest(ON, OFF)).toBe(ON)
})

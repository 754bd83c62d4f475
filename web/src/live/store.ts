import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'

import type { CampaignLive, KillSwitch, ListedCampaign } from '@/api/campaigns'
import type { AgentLive, AsteriskLink, LiveFrame, QueueLive, TaskCount, Trouble } from '@/api/live-frames'
import type { AgentSnapshot, Instant } from '@/api/types'
import { serverClock } from '@/time/clock'

import { LiveConnection, type ConnectionStatus } from './connection'

/** What the service said last: own state, queues, agents, tasks, and how the connections to it and to Asterisk are. */
export const useLive = defineStore('live', () => {
  const status = ref<ConnectionStatus>({ phase: 'idle', attempts: 0, retryAtMs: null })
  const agent = shallowRef<AgentSnapshot | null>(null)
  const queues = shallowReactive(new Map<string, QueueLive>())
  const agents = shallowReactive(new Map<number, AgentLive>())
  const link = ref<{ asterisk: AsteriskLink; since: Instant | null } | null>(null)
  const troubles = ref<Trouble[]>([])
  const taskCounts = shallowRef<TaskCount[]>([])
  /** The ids of tasks that were changed last; a new array with every change. */
  const changedTasks = shallowRef<string[]>([])
  /** How many callbacks that were agreed are due, and a number that is another with every change of one. */
  const dueCallbacks = ref(0)
  const callbackNews = ref(0)
  /** How the campaign that is looked at stands; null until the service has said so. */
  const campaign = shallowRef<CampaignLive | null>(null)
  /** How all campaigns stand, by id, while their list is looked at; null until the service has said so. */
  const listed = shallowRef<ReadonlyMap<number, ListedCampaign> | null>(null)
  /** Whether all dialling is switched off, as whoever looks at campaigns is told; null until the service has said so. */
  const killSwitch = shallowRef<KillSwitch | null>(null)
  let watched: number | null = null
  let atList = false
  const notice = ref<{ code: string; text: string } | null>(null)
  const lastFrameAt = ref<Instant | null>(null)
  const seen = ref(false)
  let onRefused: () => void = () => undefined

  function apply(frame: LiveFrame): void {
    if (frame.type === 'snapshot') serverClock.reset()
    serverClock.sample(frame.at, Date.now())
    lastFrameAt.value = frame.at
    switch (frame.type) {
      case 'snapshot':
        agent.value = frame.agent
        replace(queues, frame.queues, (queue) => queue.name)
        replace(agents, frame.agents, (one) => one.agent_id)
        link.value = frame.link ?? null
        troubles.value = frame.troubles ?? []
        taskCounts.value = frame.tasks ?? []
        // Which of them changed while nobody listened is not known: whoever shows some asks again.
        changedTasks.value = []
        dueCallbacks.value = frame.callbacks?.due ?? 0
        callbackNews.value++
        if (watched !== null) connection.send({ type: 'campaign', id: watched })
        if (atList) connection.send({ type: 'campaigns', watch: true })
        seen.value = true
        break
      case 'agent':
        agent.value = frame.agent
        break
      case 'queues':
        for (const queue of frame.queues) queues.set(queue.name, queue)
        for (const name of frame.removed ?? []) queues.delete(name)
        break
      case 'agents':
        for (const one of frame.agents) agents.set(one.agent_id, one)
        for (const id of frame.removed ?? []) agents.delete(id)
        break
      case 'link':
        link.value = { asterisk: frame.asterisk, since: frame.since }
        break
      case 'troubles':
        troubles.value = frame.troubles
        break
      case 'tasks':
        taskCounts.value = frame.tasks
        changedTasks.value = frame.changed
        break
      case 'callbacks':
        dueCallbacks.value = frame.callbacks.due
        callbackNews.value++
        break
      case 'campaign':
        if (frame.id === watched) campaign.value = frame.live
        break
      case 'campaigns':
        if (atList) listed.value = told(listed.value, frame)
        break
      case 'kill_switch':
        killSwitch.value = frame.kill_switch
        break
      case 'notice':
        notice.value = { code: frame.code, text: frame.text }
        break
      case 'problem':
      case 'watching':
      case 'pong':
        break
    }
  }

  const connection = new LiveConnection({
    url: () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`,
    onFrame: apply,
    onStatus: (next) => {
      status.value = next
    },
    onRefused: () => onRefused(),
  })

  /** Looks at a campaign, also when the connection comes back; null: at none any more. */
  function watchCampaign(id: number | null): void {
    watched = id
    campaign.value = null
    connection.send({ type: 'campaign', id })
    forget()
  }

  /** Looks at the list of campaigns, also when the connection comes back, or no more. */
  function watchCampaigns(looks: boolean): void {
    atList = looks
    listed.value = null
    connection.send({ type: 'campaigns', watch: looks })
    forget()
  }

  /** Who looks at no campaign is not told any more, so what was said last may be wrong. */
  function forget(): void {
    if (watched === null && !atList) killSwitch.value = null
  }

  const check = (): void => {
    if (document.visibilityState === 'visible') connection.check()
  }

  function start(refused: () => void): void {
    onRefused = refused
    document.addEventListener('visibilitychange', check)
    window.addEventListener('online', check)
    window.addEventListener('offline', check)
    window.addEventListener('focus', check)
    connection.start()
  }

  function stop(): void {
    document.removeEventListener('visibilitychange', check)
    window.removeEventListener('online', check)
    window.removeEventListener('offline', check)
    window.removeEventListener('focus', check)
    connection.stop()
    agent.value = null
    queues.clear()
    agents.clear()
    link.value = null
    troubles.value = []
    taskCounts.value = []
    changedTasks.value = []
    dueCallbacks.value = 0
    campaign.value = null
    listed.value = null
    killSwitch.value = null
    notice.value = null
    seen.value = false
  }

  const open = computed(() => status.value.phase === 'open')
  const restart = (): void => connection.restart()
  const retryNow = (): void => connection.check()

  return {
    status, open, agent, queues, agents, link, troubles, taskCounts, changedTasks, dueCallbacks, callbackNews, campaign, listed, killSwitch, notice,
    lastFrameAt, seen, apply, watchCampaign, watchCampaigns, start, stop, restart, retryNow,
  }
})

/** The list with what a frame says of it. */
function told(before: ReadonlyMap<number, ListedCampaign> | null, { whole, campaigns, removed }: { whole: boolean; campaigns: ListedCampaign[]; removed: number[] }): ReadonlyMap<number, ListedCampaign> | null {
  if (before === null && !whole) return null
  const now = new Map<number, ListedCampaign>(whole ? [] : before)
  for (const one of campaigns) now.set(one.id, one)
  for (const id of removed) now.delete(id)
  return now
}

function replace<K, V>(map: Map<K, V>, values: V[], keyOf: (value: V) => K): void {
  const kept = new Set(values.map(keyOf))
  for (const key of [...map.keys()]) if (!kept.has(key)) map.delete(key)
  for (const value of values) map.set(keyOf(value), value)
}

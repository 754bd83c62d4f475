import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'

import type { AgentLive, AgentSnapshot, AsteriskLink, Instant, LiveFrame, QueueLive, Trouble } from '@/api/types'
import { serverClock } from '@/time/clock'

import { LiveConnection, type ConnectionStatus } from './connection'

/** What the service said last: own state, queues, agents, and how the connections to it and to Asterisk are. */
export const useLive = defineStore('live', () => {
  const status = ref<ConnectionStatus>({ phase: 'idle', attempts: 0, retryAtMs: null })
  const agent = shallowRef<AgentSnapshot | null>(null)
  const queues = shallowReactive(new Map<string, QueueLive>())
  const agents = shallowReactive(new Map<number, AgentLive>())
  const link = ref<{ asterisk: AsteriskLink; since: Instant | null } | null>(null)
  const troubles = ref<Trouble[]>([])
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
      case 'notice':
        notice.value = { code: frame.code, text: frame.text }
        break
      case 'problem':
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
    notice.value = null
    seen.value = false
  }

  const open = computed(() => status.value.phase === 'open')
  const restart = (): void => connection.restart()
  const retryNow = (): void => connection.check()

  return {
    status, open, agent, queues, agents, link, troubles, notice, lastFrameAt, seen,
    apply, start, stop, restart, retryNow,
  }
})

function replace<K, V>(map: Map<K, V>, values: V[], keyOf: (value: V) => K): void {
  const kept = new Set(values.map(keyOf))
  for (const key of [...map.keys()]) if (!kept.has(key)) map.delete(key)
  for (const value of values) map.set(keyOf(value), value)
}

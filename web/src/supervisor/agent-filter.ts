import type { AgentLive } from '@/api/live-frames'
import type { AgentStatus } from '@/api/types'

export interface AgentFilter {
  search: string
  /** None chosen: all. */
  states: AgentStatus[]
  queue: string
}

export function filterAgents(agents: AgentLive[], filter: AgentFilter, language: string): AgentLive[] {
  const wanted = filter.search.trim().toLocaleLowerCase(language)
  return agents.filter((agent) => {
    if (filter.states.length > 0 && !filter.states.includes(agent.state)) return false
    if (filter.queue !== '' && !agent.queues.includes(filter.queue)) return false
    if (wanted === '') return true
    return [agent.name, agent.device?.name ?? '', agent.call?.number_masked ?? ''].some((text) =>
      text.toLocaleLowerCase(language).includes(wanted),
    )
  })
}

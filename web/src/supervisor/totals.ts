import type { QueueLive } from '@/api/live-frames'
import type { Instant } from '@/api/types'

export interface Totals {
  waiting: number | null
  longestWaitSince: Instant | null
  offered: number | null
  answered: number | null
  abandoned: number | null
  serviceLevel: number | null
}

function sum(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0)
}

/** All queues taken together; the service level is weighed by what was offered, and what is not known counts nowhere. */
export function totalsOf(queues: QueueLive[]): Totals {
  const measured = queues.filter((queue) => queue.service_level_today !== null && (queue.offered_today ?? 0) > 0)
  const offered = sum(measured.map((queue) => queue.offered_today))
  const within = sum(measured.map((queue) => (queue.service_level_today ?? 0) * (queue.offered_today ?? 0)))
  const waits = queues.map((queue) => queue.longest_wait_since).filter((since) => since !== null)
  return {
    waiting: sum(queues.map((queue) => queue.waiting)),
    longestWaitSince: waits.sort((one, other) => Date.parse(one) - Date.parse(other))[0] ?? null,
    offered: sum(queues.map((queue) => queue.offered_today)),
    answered: sum(queues.map((queue) => queue.answered_today)),
    abandoned: sum(queues.map((queue) => queue.abandoned_today)),
    serviceLevel: offered === null || within === null ? null : within / offered,
  }
}

import { computed, onScopeDispose, ref, type ComputedRef, type Ref } from 'vue'

import type { Instant } from '@/api/types'

const SAMPLES = 16

/**
 * The service's clock, seen from here.
 *
 * Each frame says when it was sent. It arrived a little later, so (sent - arrived) is at most the true offset between
 * the two clocks; the greatest of the last few is the best estimate. A change of this machine's clock has left the
 * samples after a few frames.
 */
export class ServerClock {
  private samples: number[] = []

  get offsetMs(): number {
    return this.samples.length === 0 ? 0 : Math.max(...this.samples)
  }

  sample(sentAt: Instant, arrivedMs: number): void {
    const sentMs = Date.parse(sentAt)
    if (!Number.isFinite(sentMs)) return
    this.samples.push(sentMs - arrivedMs)
    if (this.samples.length > SAMPLES) this.samples.shift()
  }

  /** After a reconnect nothing measured before counts: the machine may have slept. */
  reset(): void {
    this.samples = []
  }
}

export const serverClock = new ServerClock()

const nowMs = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | null = null

function tick(): void {
  nowMs.value = Date.now() + serverClock.offsetMs
}

/**
 * Now, by the service's clock, for drawing. It is set anew twice a second and when the tab is shown again; nothing
 * but paint depends on that timer.
 */
export function useNow(): Readonly<Ref<number>> {
  if (users++ === 0) {
    tick()
    timer = setInterval(tick, 500)
    document.addEventListener('visibilitychange', tick)
  }
  onScopeDispose(() => {
    if (--users > 0) return
    if (timer !== null) clearInterval(timer)
    timer = null
    document.removeEventListener('visibilitychange', tick)
  })
  return nowMs
}

/** Seconds since an instant, never negative; null when the instant is not known. */
export function useSince(since: () => Instant | null | undefined): ComputedRef<number | null> {
  const now = useNow()
  return computed(() => secondsBetween(since(), now.value))
}

/** Seconds from an instant to a moment in ms, never negative; null when the instant is not known. */
export function secondsBetween(from: Instant | null | undefined, toMs: number): number | null {
  if (from === null || from === undefined) return null
  const fromMs = Date.parse(from)
  return Number.isFinite(fromMs) ? Math.max(0, (toMs - fromMs) / 1000) : null
}

import { defineStore } from 'pinia'
import { computed, nextTick, ref, watch } from 'vue'

import { listDispositions, listPauseReasons, listQueues } from '@/api/agent'
import type { Queue, Titled } from '@/api/types'
import { i18n } from '@/i18n'
import { useSession } from '@/session/store'

const SYSTEM_REASONS = ['signed-in', 'missed-offers', 'wrap-up']

/** What the service has names for: queues, pause reasons and dispositions, in the reader's language. */
export const useCatalogue = defineStore('catalogue', () => {
  const session = useSession()
  const { t } = i18n.global
  const queues = ref<Queue[]>([])
  const reasons = ref<Titled[]>([])
  const dispositions = ref<Titled[]>([])
  const titles = computed(() => new Map(queues.value.map((queue) => [queue.name, queue])))
  /** Codes of dispositions for which it was asked already; in the list or not. */
  const askedFor = new Set<string>()
  let phase: 'idle' | 'gathering' | 'asking' = 'idle'
  /** Which of several answers counts: the one of the last load. */
  let loads = 0

  async function load(): Promise<void> {
    if (session.user === null) return
    const turn = ++loads
    phase = 'asking'
    // A list that cannot be had stays as it was: names are shown by their codes then.
    const [nextQueues, nextReasons, nextDispositions] = await Promise.allSettled([
      listQueues(),
      listPauseReasons(),
      listDispositions(null),
    ])
    if (turn !== loads) return
    phase = 'idle'
    askedFor.clear()
    if (nextQueues.status === 'fulfilled') queues.value = nextQueues.value.items
    if (nextReasons.status === 'fulfilled') reasons.value = nextReasons.value.items
    if (nextDispositions.status === 'fulfilled') dispositions.value = nextDispositions.value.items
  }
  watch([() => session.user?.id, () => session.user?.language], load, { immediate: true })

  function queueTitle(name: string): string {
    return titles.value.get(name)?.title ?? name
  }

  function reasonTitle(code: string | null): string {
    if (code === null) return ''
    if (SYSTEM_REASONS.includes(code)) return t(`reason.${code}`)
    return reasons.value.find((reason) => reason.code === code)?.title ?? code
  }

  /** One that is not known is asked for: its campaign was started since the list was loaded. */
  function dispositionTitle(code: string): string {
    const known = dispositions.value.find((disposition) => disposition.code === code)
    if (known === undefined) ask(code)
    return known?.title ?? code
  }

  /** Once for each code, and for all that a page shows at once in one request. */
  function ask(code: string): void {
    // What is on its way is shown when it comes, and who is not in it asks then.
    if (session.user === null || phase === 'asking' || askedFor.has(code)) return
    askedFor.add(code)
    if (phase === 'gathering') return
    phase = 'gathering'
    void nextTick(loadDispositions)
  }

  async function loadDispositions(): Promise<void> {
    if (phase !== 'gathering') return
    phase = 'asking'
    const turn = loads
    const answer = await listDispositions(null).catch(() => null)
    if (turn !== loads) return
    phase = 'idle'
    if (answer === null) askedFor.clear()
    else dispositions.value = answer.items
  }

  return { queues, reasons, titles, load, queueTitle, reasonTitle, dispositionTitle }
})

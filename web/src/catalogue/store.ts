import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

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

  async function load(): Promise<void> {
    if (session.user === null) return
    // A list that cannot be had stays as it was: names are shown by their codes then.
    const [nextQueues, nextReasons, nextDispositions] = await Promise.allSettled([
      listQueues(),
      listPauseReasons(),
      listDispositions(null),
    ])
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

  function dispositionTitle(code: string): string {
    return dispositions.value.find((disposition) => disposition.code === code)?.title ?? code
  }

  return { queues, reasons, titles, load, queueTitle, reasonTitle, dispositionTitle }
})

import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { listDispositions, listPauseReasons, listQueues } from '@/api/agent'
import type { Queue, Titled } from '@/api/types'

/** A list the service translates: loaded at once and again when the reader changes the language or `of` changes. */
function useTranslatedList<T>(load: () => Promise<{ items: T[] }>, of: () => unknown = () => null): Ref<T[]> {
  const { locale } = useI18n()
  const items = ref<T[]>([]) as Ref<T[]>
  watch(
    [locale, of],
    async () => {
      try {
        items.value = (await load()).items
      } catch {
        // The list stays as it was; whoever needs it shows that it is empty.
      }
    },
    { immediate: true },
  )
  return items
}

export const usePauseReasons = (): Ref<Titled[]> => useTranslatedList(listPauseReasons)
export const useQueueList = (): Ref<Queue[]> => useTranslatedList(listQueues)

export function useDispositionCodes(queue: () => string | null): Ref<Titled[]> {
  return useTranslatedList(() => listDispositions(queue()), queue)
}

const SYSTEM_REASONS = ['signed-in', 'missed-offers', 'wrap-up']

/** The name of a pause reason, the service's own ones included. */
export function useReasonTitle(reasons: Ref<Titled[]>): ComputedRef<(code: string | null) => string> {
  const { t } = useI18n()
  return computed(() => (code: string | null) => {
    if (code === null) return ''
    if (SYSTEM_REASONS.includes(code)) return t(`reason.${code}`)
    return reasons.value.find((reason) => reason.code === code)?.title ?? code
  })
}

import { ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { listDispositions } from '@/api/agent'
import type { Titled } from '@/api/types'

/** The results an agent can choose for a call of a queue, in his language. */
export function useDispositionCodes(queue: () => string | null): Ref<Titled[]> {
  const { locale } = useI18n()
  const codes = ref<Titled[]>([])
  watch(
    [locale, queue],
    async () => {
      try {
        codes.value = (await listDispositions(queue())).items
      } catch {
        // The list stays as it was; an empty one says so where it is opened.
      }
    },
    { immediate: true },
  )
  return codes
}

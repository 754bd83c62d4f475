import { onUnmounted, shallowRef, watch, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'

import { readOffer, type DispositionOffer } from '@/api/dispositions'

const AGAIN_MS = 5_000

/** What an agent can say of his call, in his language; null until the service has told. */
export function useDispositionOffer(callId: string, queue: () => string | null): ShallowRef<DispositionOffer | null> {
  const { locale } = useI18n()
  const offer = shallowRef<DispositionOffer | null>(null)
  let again = 0

  async function read(): Promise<void> {
    clearTimeout(again)
    try {
      offer.value = await readOffer(callId, queue())
    } catch {
      // What was told before stays.
      again = window.setTimeout(read, AGAIN_MS)
    }
  }
  watch([locale, queue], read, { immediate: true })
  onUnmounted(() => clearTimeout(again))
  return offer
}

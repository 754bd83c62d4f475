import { computed, onScopeDispose, ref, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'

import { useLive } from '@/live/store'

const BLINK_MS = 1000

/** The tab's title: the page, and while a call rings, the call in turn with it. */
export function usePageTitle(): void {
  const { t } = useI18n()
  const route = useRoute()
  const live = useLive()
  const ringing = computed(() => live.agent?.call?.phase === 'ringing')
  const blink = ref(true)
  const timer = setInterval(() => (blink.value = !blink.value), BLINK_MS)
  onScopeDispose(() => clearInterval(timer))

  watchEffect(() => {
    const page = route.meta.title === undefined ? t('app.name') : `${t(`page.${route.meta.title}`)} · ${t('app.name')}`
    document.title = ringing.value && blink.value ? t('page.ringing') : page
  })
}

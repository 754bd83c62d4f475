import { onMounted, onUnmounted } from 'vue'

import { useLoaded, type Loaded } from './loaded'

/** What a page shows and what changes by itself: loaded again while the page is looked at, one question at a time. */
export function usePolled<T>(load: () => Promise<T>, everyMs: number): Loaded<T> {
  const loaded = useLoaded(load)
  const ask = (): void => {
    if (document.visibilityState === 'visible' && !loaded.busy.value) void loaded.reload()
  }
  let timer: ReturnType<typeof setInterval>
  onMounted(() => {
    timer = setInterval(ask, everyMs)
    document.addEventListener('visibilitychange', ask)
  })
  onUnmounted(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', ask)
  })
  return loaded
}

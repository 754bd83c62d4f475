import { onUnmounted, ref, type Ref } from 'vue'

export interface Player {
  /** What is heard just now; null in silence. */
  playing: Ref<string | null>
  /** Plays a sound, or stops it when it is heard already. */
  toggle: (url: string) => void
  stop: () => void
}

/** One sound at a time. */
export function usePlayer(failed: () => void): Player {
  const playing = ref<string | null>(null)
  const audio = new Audio()
  audio.onended = () => (playing.value = null)

  function stop(): void {
    audio.pause()
    playing.value = null
  }

  async function play(url: string): Promise<void> {
    playing.value = url
    audio.src = url
    try {
      await audio.play()
    } catch {
      // Another sound, or a stop, has broken this one off.
      if (playing.value !== url || !audio.error) return
      playing.value = null
      failed()
    }
  }

  onUnmounted(stop)
  return { playing, stop, toggle: (url) => (playing.value === url ? stop() : void play(url)) }
}

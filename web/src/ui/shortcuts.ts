import { onMounted, onUnmounted } from 'vue'

/** `?` and `/` are typed outside of fields; `Alt+R` and the like work everywhere. */
export type Shortcuts = Record<string, () => void>

const FIELDS = 'input, textarea, select, [contenteditable="true"], [role="textbox"]'

/** The name of a key press: `Alt+R`, `Alt+Enter`, `?`; null for presses that are no shortcut's. */
export function shortcutOf(event: KeyboardEvent): string | null {
  if (event.ctrlKey || event.metaKey || event.repeat || event.isComposing) return null
  if (event.altKey) {
    // By place, not by letter: Alt makes other letters on some layouts.
    if (event.code === 'Enter' || event.code === 'NumpadEnter') return 'Alt+Enter'
    return event.code.startsWith('Key') ? `Alt+${event.code.slice(3)}` : null
  }
  const inField = event.target instanceof Element && event.target.matches(FIELDS)
  return !inField && (event.key === '?' || event.key === '/') ? event.key : null
}

/** Runs the shortcuts of a component while it is on the page. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const listen = (event: KeyboardEvent): void => {
    const name = shortcutOf(event)
    const run = name === null ? undefined : shortcuts[name]
    if (run === undefined) return
    event.preventDefault()
    event.stopPropagation()
    run()
  }
  // In the capture phase: some fields keep Enter and the arrows to themselves.
  onMounted(() => window.addEventListener('keydown', listen, { capture: true }))
  onUnmounted(() => window.removeEventListener('keydown', listen, { capture: true }))
}

import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether the window is too narrow for a menu in one line. */
export function useNarrow(): Ref<boolean> {
  const query = window.matchMedia('(max-width: 960px)')
  const narrow = ref(query.matches)
  const changed = (): void => void (narrow.value = query.matches)
  query.addEventListener('change', changed)
  onScopeDispose(() => query.removeEventListener('change', changed))
  return narrow
}

import { computed, type ComputedRef } from 'vue'
import { useRoute } from 'vue-router'

/** The tab that the page's address names; the first when it names none that is there. */
export function useTab(names: ComputedRef<string[]>): ComputedRef<string> {
  const route = useRoute()
  return computed(() => {
    const named = String(route.params.tab)
    return names.value.includes(named) ? named : names.value[0]!
  })
}

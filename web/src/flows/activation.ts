import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { activate, goBack, type Flow } from '@/api/flows'
import { asProblem, type Problem } from '@/api/problem'
import { useProblemToast } from '@/ui/problem-toast'
import { useUndoMessage } from '@/ui/undo-message'

export interface Activation {
  busy: Ref<boolean>
  /** With lines of the text, where the service gives them. */
  problem: Ref<Problem | null>
  activateVersion: (version: string) => Promise<void>
  goBackOne: () => Promise<void>
}

/** Changes which version callers get, at once; a message takes it back with one click. */
export function useActivation(flow: () => Flow, changed: () => void): Activation {
  const { t } = useI18n()
  const toast = useProblemToast()
  const tellWithUndo = useUndoMessage()
  const busy = ref(false)
  const problem = ref<Problem | null>(null)

  async function run(change: () => Promise<Flow>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    try {
      tell(await change())
    } catch (error) {
      problem.value = asProblem(error)
      toast(problem.value)
    } finally {
      busy.value = false
      changed()
    }
  }

  function tell(now: Flow): void {
    const active = now.active_version
    const undo = active === null || now.previous_version === null ? null : (): void => void run(() => goBack(now.name, active))
    tellWithUndo(t('flows.nowActive', { version: active ?? '' }), undo)
  }

  const activateVersion = (version: string): Promise<void> => run(() => activate(flow().name, version, flow().active_version))
  async function goBackOne(): Promise<void> {
    const active = flow().active_version
    if (active !== null) await run(() => goBack(flow().name, active))
  }

  return { busy, problem, activateVersion, goBackOne }
}

import { ref, shallowRef } from 'vue'

import { asProblem, type Problem } from '@/api/problem'
import { cancelTask, finishTask, releaseTask, reopenTask, takeTask, writeTaskNote, type Task } from '@/api/tasks'

export type TaskDeed = 'take' | 'release' | 'done' | 'cancel' | 'reopen' | 'note'

const DEEDS: Record<TaskDeed, (id: string, note: string) => Promise<Task>> = {
  take: takeTask,
  release: releaseTask,
  done: finishTask,
  cancel: cancelTask,
  reopen: reopenTask,
  note: writeTaskNote,
}

/** Doing something with a task; what was closed last can be undone. */
export function useTaskWork(changed: (task: Task) => void) {
  const busy = ref<TaskDeed | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const closed = shallowRef<Task | null>(null)

  async function act(deed: TaskDeed, task: Task, note = task.note): Promise<boolean> {
    if (busy.value !== null) return false
    busy.value = deed
    problem.value = null
    try {
      const after = await DEEDS[deed](task.id, note)
      if (deed === 'done' || deed === 'cancel') closed.value = after
      if (deed === 'reopen') closed.value = null
      changed(after)
      return true
    } catch (error) {
      problem.value = asProblem(error)
      return false
    } finally {
      busy.value = null
    }
  }

  return { busy, problem, closed, act }
}

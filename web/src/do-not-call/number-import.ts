import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { applyImport, checkImport, readImport, uploadNumbers, type NumberImport, type Placing } from '@/api/do-not-call'
import { asProblem, type Problem } from '@/api/problem'

import { emptyPlacing, placingOf } from './placing'

const ASK_MS = 400

export interface ImportWork {
  file: ShallowRef<NumberImport | null>
  /** What is being done now, null when nothing is. */
  doing: Ref<'upload' | 'check' | 'import' | null>
  /** 0 to 1. */
  progress: Ref<number>
  problem: ShallowRef<Problem | null>
  upload: (chosen: File) => Promise<void>
  check: (column: number, placing: Placing) => Promise<void>
  /** True once it is imported. */
  apply: (column: number, placing: Placing) => Promise<boolean>
  reset: () => void
}

/** A file from its upload to its import; whoever closes the page ends only the asking. */
export function useNumberImport(): ImportWork {
  const file = shallowRef<NumberImport | null>(null)
  const doing = ref<'upload' | 'check' | 'import' | null>(null)
  const progress = ref(0)
  const problem = shallowRef<Problem | null>(null)
  let turn = 0
  let last = ''

  /** Asks until the service is done with it; false when something newer has begun. */
  async function settled(id: string, mine: number): Promise<boolean> {
    for (;;) {
      const now = await readImport(id)
      if (mine !== turn) return false
      file.value = now
      progress.value = now.progress
      if (now.state !== 'checking' && now.state !== 'importing') return true
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
      if (mine !== turn) return false
    }
  }

  async function run(what: 'upload' | 'check' | 'import', work: (mine: number) => Promise<boolean>): Promise<boolean> {
    const mine = ++turn
    doing.value = what
    progress.value = 0
    problem.value = null
    try {
      return await work(mine)
    } catch (error) {
      if (mine === turn) problem.value = asProblem(error)
      return false
    } finally {
      if (mine === turn) doing.value = null
    }
  }

  async function recheck(id: string, column: number, placing: Placing, mine: number): Promise<boolean> {
    const asked = JSON.stringify([column, placing])
    if (asked === last) return true
    await checkImport(id, column, placing)
    if (!(await settled(id, mine))) return false
    last = asked
    return true
  }

  async function upload(chosen: File): Promise<void> {
    file.value = null
    last = ''
    await run('upload', async (mine) => {
      const opened = await uploadNumbers(chosen, (share) => (progress.value = share))
      if (mine !== turn) return false
      doing.value = 'check'
      const done = await settled(opened.id, mine)
      if (done) last = JSON.stringify([file.value?.column ?? 0, placingOf(emptyPlacing())])
      return done
    })
  }

  async function check(column: number, placing: Placing): Promise<void> {
    const id = file.value?.id
    if (id !== undefined) await run('check', (mine) => recheck(id, column, placing, mine))
  }

  const apply = (column: number, placing: Placing): Promise<boolean> =>
    run('import', async (mine) => {
      const id = file.value?.id
      if (id === undefined || !(await recheck(id, column, placing, mine))) return false
      await applyImport(id)
      return (await settled(id, mine)) && file.value?.state === 'imported'
    })

  function reset(): void {
    turn++
    file.value = null
    doing.value = null
    problem.value = null
    last = ''
  }

  onScopeDispose(reset)
  return { file, doing, progress, problem, upload, check, apply, reset }
}

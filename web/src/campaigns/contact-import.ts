import { onScopeDispose, reactive, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { previewImport, readImport, runImport, sendContacts, type ContactImport, type FilePreview, type FileReading } from '@/api/contact-imports'
import { asProblem, type Problem } from '@/api/problem'

const ASK_MS = 400

/** What a column may be, besides a detail. */
export const TARGETS = ['phone', 'phone_2', 'phone_3', 'name', 'language', 'time_zone', 'customer', 'consent', 'priority']
const DETAIL = /^details\.[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/

/** The details that columns can become: those that some are, and one of each column's own name where it can be one. */
export function detailsFor(columns: string[], mapping: Record<string, string>): string[] {
  const own = columns.map((column) => `details.${column.trim().toLowerCase().replace(/[^a-z0-9.]+/g, '_').replace(/^_+|_+$/g, '')}`)
  return [...new Set([...Object.values(mapping), ...own])].filter((target) => DETAIL.test(target))
}

/** The mapping after a column was said to be something; one thing is one column only, an empty target leaves the column out. */
export function mapped(mapping: Record<string, string>, column: string, target: string): Record<string, string> {
  const others = Object.entries(mapping).filter(([other, taken]) => other !== column && taken !== target)
  return Object.fromEntries(target === '' ? others : [...others, [column, target]])
}

/** How far the service is with an import; null where nobody can say. */
export const isWorking = ({ state }: ContactImport): boolean => state === 'running' || state === 'undoing'

export type ImportDeed = 'upload' | 'look' | 'run'

export interface FileWork {
  file: ShallowRef<ContactImport | null>
  preview: ShallowRef<FilePreview | null>
  reading: FileReading
  doing: Ref<ImportDeed | null>
  /** 0 to 1. */
  progress: Ref<number>
  problem: ShallowRef<Problem | null>
  upload: (chosen: File) => Promise<void>
  look: () => Promise<void>
  /** True once it is imported. */
  run: () => Promise<boolean>
  reset: () => void
}

/** A file of contacts from its upload to its import; whoever leaves the page ends only the asking. */
export function useContactFile(campaign: () => number): FileWork {
  const file = shallowRef<ContactImport | null>(null)
  const preview = shallowRef<FilePreview | null>(null)
  const reading = reactive<FileReading>({ encoding: null, delimiter: null, header: null, region: null, mapping: null })
  const doing = ref<ImportDeed | null>(null)
  const progress = ref(0)
  const problem = shallowRef<Problem | null>(null)
  let turn = 0

  /** Does something unless something newer begins meanwhile; undefined when it failed or was overtaken. */
  async function work<T>(what: ImportDeed, deed: (isNew: () => boolean) => Promise<T>): Promise<T | undefined> {
    const mine = ++turn
    doing.value = what
    progress.value = 0
    problem.value = null
    try {
      const done = await deed(() => mine === turn)
      return mine === turn ? done : undefined
    } catch (error) {
      if (mine === turn) problem.value = asProblem(error)
      return undefined
    } finally {
      if (mine === turn) doing.value = null
    }
  }

  function show(found: FilePreview): void {
    preview.value = found
    const { encoding, delimiter, header, region, mapping } = found
    Object.assign(reading, { encoding, delimiter, header, region, mapping })
  }

  async function upload(chosen: File): Promise<void> {
    file.value = preview.value = null
    const received = await work('upload', () => sendContacts(campaign(), chosen, (share) => (progress.value = share)))
    if (received === undefined) return
    file.value = received.contact_import
    show(received.preview)
  }

  async function look(): Promise<void> {
    const id = file.value?.id
    if (id === undefined) return
    const found = await work('look', () => previewImport(campaign(), id, { ...reading }))
    if (found !== undefined) show(found)
  }

  async function run(): Promise<boolean> {
    const id = file.value?.id
    if (id === undefined) return false
    const ended = await work('run', async (isNew) => {
      let now = await runImport(campaign(), id, { ...reading })
      while (isNew() && isWorking(now)) {
        progress.value = now.share_read ?? 0
        await new Promise((resolve) => setTimeout(resolve, ASK_MS))
        if (isNew()) now = await readImport(campaign(), id)
      }
      return now
    })
    if (ended !== undefined) file.value = ended
    return ended?.state === 'done'
  }

  function reset(): void {
    turn++
    file.value = preview.value = doing.value = problem.value = null
    Object.assign(reading, { encoding: null, delimiter: null, header: null, region: null, mapping: null })
  }

  onScopeDispose(() => turn++)
  return { file, preview, reading, doing, progress, problem, upload, look, run, reset }
}

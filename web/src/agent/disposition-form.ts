import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'

import { saveDisposition } from '@/api/calls'
import { asProblem, type Problem } from '@/api/problem'
import type { Disposition, Instant, SavedDisposition } from '@/api/types'

import { keepDraft, readDraft } from './disposition-draft'

export const NOTE_MAX = 2000

export interface DispositionForm {
  code: Ref<string>
  note: Ref<string>
  callbackAt: Ref<Date | null>
  saved: Ref<SavedDisposition | null>
  savedAt: Ref<Instant | null>
  previous: Ref<Disposition | null>
  editing: Ref<boolean>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /** A key under `disposition` that says what is missing; null when it can be saved. */
  fault: ComputedRef<string | null>
  save: () => Promise<boolean>
  undo: () => Promise<void>
  edit: () => void
}

function plain(saved: SavedDisposition): Disposition {
  return { code: saved.code, note: saved.note ?? '', callback_at: saved.callback_at ?? null }
}

/** The disposition of one call: typed, kept as a draft, saved, changed, and put back to what was saved before. */
export function useDispositionForm(callId: string, first: SavedDisposition | null): DispositionForm {
  const draft = readDraft(callId)
  const saved = shallowRef(first)
  const savedAt = ref<Instant | null>(first?.saved_at ?? null)
  const previous = shallowRef<Disposition | null>(null)
  const editing = ref(first === null || draft !== null)
  const code = ref('')
  const note = ref('')
  const callbackAt = ref<Date | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  function fill(from: Disposition | null): void {
    code.value = from?.code ?? ''
    note.value = from?.note ?? ''
    callbackAt.value = from?.callback_at ? new Date(from.callback_at) : null
  }
  fill(draft ?? (first === null ? null : plain(first)))

  const entered = (): Disposition => ({
    code: code.value,
    note: note.value.trim(),
    callback_at: callbackAt.value?.toISOString() ?? null,
  })

  watch([code, note, callbackAt], () => {
    if (editing.value) keepDraft(callId, entered())
  })

  const fault = computed(() => {
    if (code.value === '') return 'missing'
    if (note.value.length > NOTE_MAX) return 'tooLong'
    const due = callbackAt.value
    return due !== null && due.getTime() < Date.now() ? 'past' : null
  })

  async function send(disposition: Disposition): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      const before = saved.value
      saved.value = (await saveDisposition(callId, disposition)) ?? disposition
      savedAt.value = saved.value.saved_at ?? new Date().toISOString()
      previous.value = before === null ? null : plain(before)
      keepDraft(callId, null)
      editing.value = false
      return true
    } catch (error) {
      problem.value = asProblem(error)
      return false
    } finally {
      busy.value = false
    }
  }

  async function undo(): Promise<void> {
    const back = previous.value
    if (back === null || !(await send(back))) return
    fill(back)
    previous.value = null
  }

  function edit(): void {
    fill(saved.value === null ? null : plain(saved.value))
    editing.value = true
  }

  const save = async (): Promise<boolean> => fault.value === null && (await send(entered()))

  return { code, note, callbackAt, saved, savedAt, previous, editing, busy, problem, fault, save, undo, edit }
}

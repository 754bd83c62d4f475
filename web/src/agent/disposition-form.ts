import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'

import { saveDisposition, type DispositionOffer, type NextStep } from '@/api/dispositions'
import { asProblem, type Problem } from '@/api/problem'
import type { Answers, Disposition, Instant, SavedDisposition } from '@/api/types'

import { keepDraft, readDraft } from './disposition-draft'

export const NOTE_MAX = 2000

export interface DispositionForm {
  code: Ref<string>
  note: Ref<string>
  callbackAt: Ref<Date | null>
  answers: Ref<Answers>
  saved: Ref<SavedDisposition | null>
  savedAt: Ref<Instant | null>
  previous: Ref<Disposition | null>
  editing: Ref<boolean>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /** What the chosen disposition means for a campaign's contact; null where it means nothing. */
  next: ComputedRef<NextStep | null>
  /** Whether a callback can be agreed with it. */
  takesCallback: ComputedRef<boolean>
  /** A key under `disposition` that says what is missing; null when it can be saved. */
  fault: ComputedRef<string | null>
  save: () => Promise<boolean>
  undo: () => Promise<void>
  edit: () => void
}

function plain(saved: SavedDisposition, answers: Answers): Disposition {
  return { code: saved.code, note: saved.note ?? '', callback_at: saved.callback_at ?? null, answers }
}

/** The disposition of one call: typed, kept as a draft, saved, changed, and put back to what was saved before. */
export function useDispositionForm(callId: string, first: SavedDisposition | null, offer: Ref<DispositionOffer | null>): DispositionForm {
  const draft = readDraft(callId)
  const saved = shallowRef(first)
  const savedAnswers = shallowRef<Answers | null>(null)
  const savedAt = ref<Instant | null>(first?.saved_at ?? null)
  const previous = shallowRef<Disposition | null>(null)
  const editing = ref(first === null || draft !== null)
  const code = ref('')
  const note = ref('')
  const callbackAt = ref<Date | null>(null)
  const answers = ref<Answers>({})
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  function fill(from: Disposition | null): void {
    code.value = from?.code ?? ''
    note.value = from?.note ?? ''
    callbackAt.value = from?.callback_at ? new Date(from.callback_at) : null
    answers.value = { ...from?.answers }
  }
  fill(draft ?? (first === null ? null : plain(first, {})))

  const next = computed(() => offer.value?.dispositions.find((one) => one.code === code.value)?.next ?? null)
  const takesCallback = computed(() => next.value === null || next.value === 'callback')

  // What was saved before the page was loaded comes with the offer.
  watch(offer, (told) => {
    if (told?.answers == null || savedAnswers.value !== null) return
    savedAnswers.value = told.answers
    if (draft === null) answers.value = { ...told.answers }
  })

  const entered = (): Disposition => ({
    code: code.value,
    note: note.value.trim(),
    callback_at: takesCallback.value ? (callbackAt.value?.toISOString() ?? null) : null,
    answers: given(answers.value),
  })

  watch(
    [code, note, callbackAt, answers],
    () => {
      if (editing.value) keepDraft(callId, entered())
    },
    { deep: true },
  )

  const fault = computed(() => {
    if (code.value === '') return 'missing'
    if (note.value.length > NOTE_MAX) return 'tooLong'
    const due = takesCallback.value ? callbackAt.value : null
    if (next.value === 'callback' && due === null) return 'callbackNeeded'
    return due !== null && due.getTime() < Date.now() ? 'past' : null
  })

  async function send(disposition: Disposition): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      const before = saved.value
      saved.value = (await saveDisposition(callId, disposition)) ?? disposition
      savedAt.value = saved.value.saved_at ?? new Date().toISOString()
      previous.value = before === null ? null : plain(before, savedAnswers.value ?? {})
      savedAnswers.value = disposition.answers
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
    fill(saved.value === null ? null : plain(saved.value, savedAnswers.value ?? {}))
    editing.value = true
  }

  const save = async (): Promise<boolean> => fault.value === null && (await send(entered()))

  return { code, note, callbackAt, answers, saved, savedAt, previous, editing, busy, problem, next, takesCallback, fault, save, undo, edit }
}

/** Answers without fields that are empty. */
export function given(answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([, answer]) => answer != null && answer !== ''))
}

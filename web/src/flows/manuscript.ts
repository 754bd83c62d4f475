import { computed, onMounted, ref, shallowRef, watch } from 'vue'

import { addVersion, checkText, drawText, readVersion, replay, type Flow, type FlowRemark, type Replay } from '@/api/flows'
import { asProblem, type Problem } from '@/api/problem'

import { dropDraft, keepDraft, readDraft, type Draft } from './draft'
import { nameIn } from './flow-text'
import { BEGINNING } from './beginning'

const REPLAYED_CALLS = 50

/** A text that somebody works on: kept in the browser at every key, given up only when the service has it. */
export function useManuscript(flow: () => Flow | null) {
  const key = flow()?.name ?? ''
  const text = ref('')
  const note = ref('')
  const busy = ref<'check' | 'save' | 'replay' | null>(null)
  const problem = ref<Problem | null>(null)
  const warnings = shallowRef<FlowRemark[]>([])
  const checked = ref(false)
  const loading = ref(true)
  const loadProblem = ref<Problem | null>(null)
  const unkept = ref(false)
  const picture = ref<string | null>(null)
  const replayed = shallowRef<Replay | null>(null)
  const discarded = shallowRef<Draft | null>(null)
  /** What the service has. */
  const kept = ref('')
  const base = ref<string | null>(null)

  const dirty = computed(() => text.value !== kept.value)
  const name = computed(() => flow()?.name ?? nameIn(text.value))

  async function begin(): Promise<void> {
    loading.value = true
    loadProblem.value = null
    try {
      const active = flow()?.active_version ?? null
      kept.value = active === null ? BEGINNING : (await readVersion(key, active)).text
      const draft = readDraft(key)
      text.value = draft?.text ?? kept.value
      note.value = draft?.note ?? ''
      base.value = draft?.base ?? active
    } catch (error) {
      loadProblem.value = asProblem(error)
    } finally {
      loading.value = false
    }
  }

  async function run<T>(what: 'check' | 'save' | 'replay', act: () => Promise<T>): Promise<T | null> {
    if (busy.value !== null || name.value === null) return null
    busy.value = what
    problem.value = null
    warnings.value = []
    checked.value = false
    try {
      return await act()
    } catch (error) {
      problem.value = asProblem(error)
      return null
    } finally {
      busy.value = null
    }
  }

  async function check(): Promise<void> {
    const own = name.value!
    const found = await run('check', () => checkText(own, text.value))
    if (found === null) return
    checked.value = true
    warnings.value = found.warnings
    // A picture of what was written; that it is right is known already.
    picture.value = await drawText(own, text.value).catch(() => null)
  }

  /** The version that the text is now; null when it was refused, with the reason in `problem`. */
  async function save(newFlow: boolean): Promise<{ flow: string; version: string; added: boolean } | null> {
    const own = name.value!
    const sent = text.value
    const saved = await run('save', () => addVersion(own, sent, note.value, newFlow))
    if (saved === null) return null
    warnings.value = saved.warnings
    kept.value = sent
    note.value = ''
    base.value = saved.version
    discarded.value = null
    if (text.value === sent) dropDraft(key)
    return { flow: own, version: saved.version, added: saved.added }
  }

  async function replayCalls(): Promise<void> {
    replayed.value = await run('replay', () => replay(name.value!, { text: text.value }, REPLAYED_CALLS))
  }

  async function load(file: File): Promise<void> {
    discarded.value = dirty.value ? { text: text.value, note: note.value, base: base.value } : null
    text.value = (await file.text()).replace(/^\ufeff/, '').replace(/\r\n?/g, '\n')
  }

  function discard(): void {
    discarded.value = { text: text.value, note: note.value, base: base.value }
    text.value = kept.value
    problem.value = null
  }

  function restore(): void {
    if (discarded.value === null) return
    text.value = discarded.value.text
    note.value = discarded.value.note
    discarded.value = null
  }

  watch([text, note], () => {
    if (loading.value) return
    checked.value = false
    if (dirty.value) unkept.value = !keepDraft(key, { text: text.value, note: note.value, base: base.value })
    else dropDraft(key)
  })
  onMounted(begin)

  return {
    text, note, name, dirty, unkept, busy, problem, warnings, checked, loading, loadProblem, picture, replayed, discarded,
    begin, check, save, replayCalls, load, discard, restore,
  }
}

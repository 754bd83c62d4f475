import type { Campaign, CampaignDefinition, CampaignKind, CapHolds, MachineDetection, RetriedOutcome, Weekday } from '@/api/campaigns'

import { dispositionRows, dispositionsOf, fieldRows, fieldsOf, type DispositionRow, type FieldRow } from './agent-form'
import { textsOf } from './texts'

export const KINDS: CampaignKind[] = ['ivr', 'preview', 'progressive', 'predictive', 'fixed_ratio']
export const OUTCOMES: RetriedOutcome[] = ['busy', 'no_answer', 'machine', 'network', 'refused', 'wrong_number', 'abandoned', 'hung_up']
export const WEEKDAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
export const MACHINE_DETECTIONS: MachineDetection[] = ['off', 'hang_up', 'message']
export const CAP_HOLDS: CapHolds[] = ['at_end', 'always']
const HOUR = 60
const LATER = 'later'

/** After an outcome of the flow: how many more times, and how long after. */
export interface FlowRetryRow {
  outcome: string
  times: number
  after_minutes: number
}

export const MOST_FLOW_RETRIES = 20
/** What the flows that ship end with when somebody wants to be called another time, as it is without a word. */
export const emptyFlowRetry = (rows: FlowRetryRow[]): FlowRetryRow => ({ outcome: rows.some(({ outcome }) => outcome === LATER) ? '' : LATER, times: 3, after_minutes: 24 * HOUR })

/** A campaign as people fill it in: empty texts and undefined numbers are nothing. */
export interface DefinitionForm {
  campaign: string
  title_zh: string
  title_en: string
  kind: CampaignKind
  flow: string
  queue: string
  caller_ids: string[]
  calendar: string
  from: string
  to: string
  days: Weekday[]
  ring_seconds: number
  ratio: number
  retries: { outcome: RetriedOutcome; own: boolean; times: number; after_minutes: number }[]
  flow_retries: FlowRetryRow[]
  attempts: number
  calls_per_day: number | undefined
  calls_at_once: number | undefined
  priority: number
  client: string
  machine_detection: MachineDetection
  abandon_cap_percent: number
  abandon_cap_holds: CapHolds
  needs_consent: boolean
  script_zh: string
  script_en: string
  dispositions: DispositionRow[]
  fields: FieldRow[]
}

export function emptyForm(): DefinitionForm {
  return {
    campaign: '', title_zh: '', title_en: '', kind: 'ivr', flow: '', queue: '', caller_ids: [], calendar: '', from: '09:00', to: '20:00',
    days: [...WEEKDAYS], ring_seconds: 25, ratio: 1.5, retries: OUTCOMES.map((outcome) => ({ outcome, own: false, times: 2, after_minutes: 4 * HOUR })),
    flow_retries: [], attempts: 6, calls_per_day: undefined, calls_at_once: undefined, priority: 50, client: '', machine_detection: 'off', abandon_cap_percent: 3,
    abandon_cap_holds: 'at_end', needs_consent: false, script_zh: '', script_en: '', dispositions: [], fields: [],
  }
}

export function formOf(campaign: Campaign): DefinitionForm {
  const { title, script, window, caps } = campaign
  const empty = emptyForm()
  return {
    campaign: campaign.campaign,
    title_zh: title['zh-CN'] ?? '',
    title_en: title.en ?? '',
    kind: campaign.kind,
    flow: campaign.flow ?? '',
    queue: campaign.queue ?? '',
    caller_ids: [...campaign.caller_ids],
    calendar: campaign.calendar ?? '',
    from: window.from,
    to: window.to,
    days: [...window.days],
    ring_seconds: campaign.ring_seconds,
    ratio: campaign.ratio ?? empty.ratio,
    retries: empty.retries.map((usual) => {
      const own = campaign.retries[usual.outcome]
      return own === undefined ? usual : { outcome: usual.outcome, own: true, times: own.times, after_minutes: own.after_seconds / 60 }
    }),
    flow_retries: Object.entries(campaign.flow_retries).map(([outcome, { times, after_seconds }]) => ({ outcome, times, after_minutes: after_seconds / 60 })),
    attempts: caps.attempts,
    calls_per_day: caps.calls_per_day ?? undefined,
    calls_at_once: caps.calls_at_once ?? undefined,
    priority: campaign.priority,
    client: campaign.client ?? '',
    machine_detection: campaign.machine_detection,
    abandon_cap_percent: percentOf(campaign.abandon_cap),
    abandon_cap_holds: campaign.abandon_cap_holds,
    needs_consent: campaign.needs_consent,
    script_zh: script?.['zh-CN'] ?? '',
    script_en: script?.en ?? '',
    dispositions: dispositionRows(campaign.dispositions),
    fields: fieldRows(campaign.form),
  }
}

/** Without what binary fractions leave behind: 0.07 is 7 %. */
export const percentOf = (share: number): number => Number((share * 100).toFixed(4))

/** Whether both say the same. */
export const sameDefinition = (one: CampaignDefinition, other: CampaignDefinition): boolean => JSON.stringify(one) === JSON.stringify(other)

/** The form as the service takes it. What another kind needs is left out. */
export function definitionOf(form: DefinitionForm): CampaignDefinition {
  const script = textsOf(form.script_zh, form.script_en)
  return {
    title: textsOf(form.title_zh, form.title_en),
    kind: form.kind,
    flow: form.flow || null,
    queue: form.queue || null,
    caller_ids: form.caller_ids,
    calendar: form.calendar || null,
    window: { from: form.from, to: form.to, days: WEEKDAYS.filter((day) => form.days.includes(day)) },
    ring_seconds: form.ring_seconds,
    ratio: form.kind === 'fixed_ratio' ? form.ratio : null,
    retries: Object.fromEntries(
      form.retries.filter(({ own }) => own).map(({ outcome, times, after_minutes }) => [outcome, { times, after_seconds: Math.round(after_minutes * 60) }]),
    ),
    flow_retries:
      form.kind === 'ivr'
        ? Object.fromEntries(form.flow_retries.map(({ outcome, times, after_minutes }) => [outcome.trim(), { times, after_seconds: Math.round(after_minutes * 60) }]))
        : {},
    caps: { attempts: form.attempts, calls_per_day: form.calls_per_day ?? null, calls_at_once: form.calls_at_once ?? null },
    priority: form.priority,
    client: form.client.trim() || null,
    machine_detection: form.machine_detection,
    abandon_cap: form.abandon_cap_percent / 100,
    abandon_cap_holds: form.abandon_cap_holds,
    needs_consent: form.needs_consent,
    script: Object.keys(script).length === 0 ? null : script,
    dispositions: dispositionsOf(form.dispositions),
    form: fieldsOf(form.fields),
  }
}

/** Whether a campaign can be called so. */
export const isName = (name: string): boolean => name.length <= 64 && /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name)

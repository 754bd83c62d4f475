import type { FieldKind, NextStep } from './dispositions'
import { addressOf, create, get, getText, post, put, remove } from './http'
import type { Answers, Instant, Page, Texts } from './types'

export type CampaignKind = 'ivr' | 'preview' | 'progressive' | 'predictive' | 'fixed_ratio'
export type CampaignState = 'draft' | 'running' | 'paused' | 'draining' | 'stopped'
export type CampaignOrder = 'start' | 'pause' | 'drain' | 'stop'
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'
export type RetriedOutcome = 'busy' | 'no_answer' | 'machine' | 'network' | 'refused' | 'wrong_number' | 'abandoned' | 'hung_up'
export type MachineDetection = 'off' | 'hang_up' | 'message'
/** When no more calls may have been abandoned than the cap allows: when the day is over, or at any moment. */
export type CapHolds = 'at_end' | 'always'

/** All of a campaign but its name. */
export interface CampaignDefinition {
  title: Texts
  kind: CampaignKind
  flow: string | null
  queue: string | null
  /** E.164 as the service gives them; as people write them when they are sent. */
  caller_ids: string[]
  calendar: string | null
  /** In the called person's time zone. */
  window: { from: string; to: string; days: Weekday[] }
  ring_seconds: number
  /** Calls for each free agent, of the kind `fixed_ratio`. */
  ratio: number | null
  retries: Partial<Record<RetriedOutcome, { times: number; after_seconds: number }>>
  /** By the outcome of the flow, of the kind `ivr`. */
  flow_retries: Record<string, { times: number; after_seconds: number }>
  caps: { attempts: number; calls_per_day: number | null; calls_at_once: number | null }
  priority: number
  /** On whose behalf. */
  client: string | null
  machine_detection: MachineDetection
  /** Of the calls that a person answers, 0 to 1. */
  abandon_cap: number
  abandon_cap_holds: CapHolds
  needs_consent: boolean
  /** What agents say, by language. */
  script: Texts | null
  dispositions: CampaignDisposition[]
  form: CampaignField[]
}

export type RefusalLevel = 'global' | 'client' | 'campaign'

/** One of a campaign's own; `after_seconds` is of `retry`, `level` of `refuse`. */
export interface CampaignDisposition {
  code: string
  title: Texts
  next: NextStep
  after_seconds: number | null
  level: RefusalLevel | null
}

/** One field of what agents fill in; `choices` are those of the kind `choice`. */
export interface CampaignField {
  name: string
  title: Texts
  kind: FieldKind
  choices: { code: string; title: Texts }[]
  required: boolean
}

export interface Campaign extends CampaignDefinition {
  id: number
  campaign: string
  state: CampaignState
  version: number
  contacts: number
  contacts_dialling: number
  contacts_closed: number
}

/** What a word of a definition is: as in `CampaignDefinition`. */
export type WordValue = string | number | boolean | null | WordValue[] | { [word: string]: WordValue }

/** One word that became another; `pointer` is its place, as in `/window/to`. */
export interface WordChange {
  pointer: string
  before: WordValue
  after: WordValue
}

export interface CampaignVersion {
  version: number
  changed_at: Instant
  /** null: a file said so. */
  changed_by: string | null
  /** Which version was brought back. */
  restores: number | null
  changes: WordChange[]
}

/** Where it stands; `hindrances` keep it from being started. */
export interface Standing {
  state: CampaignState
  changed_at: Instant | null
  changed_by: string | null
  started_at: Instant | null
  orders: CampaignOrder[]
  hindrances: { code: string; title: string; detail: string }[]
}

export interface PersonCounts {
  answered: number
  abandoned: number
  /** null when nobody answered. */
  abandoned_share: number | null
}

/** What the dialler sees now; shares go from 0 to 1. */
export interface Dialling {
  dialling: boolean
  /** Why so many are dialled, or none. */
  line: string
  in_flight: number
  ringing: number
  waiting: number
  connected: number
  agents_idle: number
  agents_talking: number
  agents_wrapping: number
  agents_paused: number
  answered: number
  abandoned: number
  abandoned_share: number | null
  dialled_today: number
  utilisation: number | null
}

export interface CampaignLive {
  at: Instant
  /** Of its definition. */
  version: number
  standing: Standing
  contacts: { all: number; open: number; dialling: number; closed: number }
  /** Of all attempts that ended. */
  outcomes: Record<string, number>
  /** What agents said of them. */
  dispositions: Record<string, number>
  attempts_today: number
  day: PersonCounts
  month: PersonCounts
  abandon_cap: number
  /** If it goes on as in the last hour; null when nobody can say. */
  forecast_end_at: Instant | null
  /** From what it is foreseen, or why it is not. */
  forecast_line: string
  /** null where nobody dials. */
  dialler: Dialling | null
}

/** What of a campaign in the list changes while it runs. */
export type ListedCampaign = Pick<Campaign, 'id' | 'state' | 'version' | 'contacts' | 'contacts_dialling' | 'contacts_closed'>

export interface KillSwitch {
  on: boolean
  changed_at: Instant
  changed_by: string | null
}

export interface ContactInput {
  phone: string
  other_phones: string[]
  name: string | null
  language: string | null
  time_zone: string | null
  customer: string | null
  consent: string | null
  priority: number
  details: Record<string, string>
}

export interface Contact extends ContactInput {
  id: number
  import_id: number | null
  state: 'open' | 'dialling' | 'closed'
  attempts: number
  last_outcome: string | null
  last_attempt_at: Instant | null
  /** Not before; null: at any time. */
  next_at: Instant | null
  /** Why it is not called again. */
  closed: string | null
  customer_id: number | null
}

export interface Attempt {
  id: string
  /** The rules of the campaign under which it was made; null where that is not known. */
  campaign_version: number | null
  contact_id: number | null
  phone: string
  purpose: string
  agent: string | null
  caller_id: string | null
  /** Which service sent it, `place:life`; null: none did under a lease, or it was not kept. */
  sent_by: string | null
  state: string
  /** null until it is over. */
  outcome: string | null
  /** With what its flow ended. */
  flow_outcome: string | null
  reserved_at: Instant
  sent_at: Instant | null
  ringing_at: Instant | null
  answered_at: Instant | null
  connected_at: Instant | null
  ended_at: Instant | null
  /** Q.850. */
  hangup_cause: number | null
  sip_status: number | null
  unknown_why: string | null
  call_id: string | null
  /** What the agent said, as the campaign calls it, and filled in. */
  disposition: string | null
  answers: Answers | null
}

/** One look at a contact; `refusal` is null when it was dialled. */
export interface Decision {
  id: number
  at: Instant
  /** The rules of the campaign by which it was decided; null where that is not known. */
  campaign_version: number | null
  contact_id: number | null
  attempt_id: string | null
  refusal: string | null
  line: string
}

const at = (id: number, part = ''): string => `/campaigns/${id}${part}`

export const listCampaigns = (): Promise<{ items: Campaign[] }> => get('/campaigns')
export const readCampaign = (id: number): Promise<Campaign> => get(at(id))
export const createCampaign = (campaign: string, definition: CampaignDefinition): Promise<Campaign> => create('/campaigns', { campaign, ...definition })
/** `version` is the one that was read; when another is there, nothing is changed. */
export const changeCampaign = (id: number, version: number, definition: CampaignDefinition): Promise<Campaign> => put(at(id), { ...definition, version })
export const listCampaignVersions = (id: number, cursor: string | null): Promise<Page<CampaignVersion>> => get(at(id, '/versions'), { cursor, limit: 20 })
export const restoreCampaign = (id: number, version: number, current: number): Promise<Campaign> => create(at(id, `/versions/${version}/restore`), { version: current })
export const copyCampaign = (id: number, campaign: string): Promise<Campaign> => create(at(id, '/copy'), { campaign })
export const removeCampaign = (id: number): Promise<unknown> => remove(at(id))
/** As `cti campaign apply` takes it. */
export const readDefinition = (id: number): Promise<string> => getText(at(id, '/definition.yaml'))
/** Where what came of its contacts is, as a file. */
export const resultsAddress = (id: number): string => addressOf(at(id, '/results.csv'))

export const readLive = (id: number): Promise<CampaignLive> => get(at(id, '/live'))
export const orderCampaign = (id: number, order: CampaignOrder): Promise<Standing> => post(at(id, `/${order}`))
export const readKillSwitch = (): Promise<KillSwitch> => get('/dialling/kill-switch')
export const setKillSwitch = (on: boolean): Promise<KillSwitch> => put('/dialling/kill-switch', { on })

export const listContacts = (id: number, number: string, cursor: string | null): Promise<Page<Contact>> => get(at(id, '/contacts'), { number, cursor, limit: 50 })
export const addContact = (id: number, contact: ContactInput): Promise<Contact> => create(at(id, '/contacts'), contact)
export const removeContact = (id: number, contact: number): Promise<unknown> => remove(at(id, `/contacts/${contact}`))

export const listAttempts = (id: number, contact: number | null, cursor: string | null): Promise<Page<Attempt>> =>
  get(at(id, '/attempts'), { contact, cursor, limit: 50 })
export const listDecisions = (id: number, contact: number | null, cursor: string | null): Promise<Page<Decision>> =>
  get(at(id, '/decisions'), { contact, cursor, limit: 50, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })

import { expect, test } from 'vitest'

import type { Campaign, CampaignLive, WordValue } from '@/api/campaigns'
import type { TakenCall } from '@/api/machines'
import { fieldsAt, Problem } from '@/api/problem'
import { aboveCap, agentsOf, answersOf, dispositionTitle, matching, meter, mostFirst, shareDone } from '@/campaigns/campaign'
import { detailsFor, mapped } from '@/campaigns/contact-import'
import { definitionOf, emptyFlowRetry, emptyForm, formOf, isName } from '@/campaigns/definition'
import { placeText, valueText, type Teller } from '@/campaigns/history'
import { deedOf, isPlain, judged, replaced, secondsText } from '@/campaigns/machines'

const CAMPAIGN: Campaign = {
  id: 1, campaign: 'poll', state: 'draft', version: 3, contacts: 10, contacts_dialling: 1, contacts_closed: 4,
  title: { 'zh-CN': '民意调查' }, kind: 'fixed_ratio', flow: 'poll', queue: 'sales', caller_ids: ['+861065529988'], calendar: 'company',
  window: { from: '09:00', to: '24:00', days: ['mon', 'sun'] }, ring_seconds: 20, ratio: 1.25,
  retries: { busy: { times: 3, after_seconds: 1800 }, no_answer: { times: 0, after_seconds: 14_400 } },
  flow_retries: {},
  caps: { attempts: 4, calls_per_day: 500, calls_at_once: null }, priority: 0, client: 'acme',
  machine_detection: 'hang_up', abandon_cap: 0.07, abandon_cap_holds: 'always', needs_consent: true, script: { en: 'Hello' },
  dispositions: [
    { code: 'renewed', title: { 'zh-CN': '已续费', en: 'Renewed' }, next: 'done', after_seconds: null, level: null },
    { code: 'later', title: { en: 'Later' }, next: 'retry', after_seconds: 86_400, level: null },
    { code: 'never', title: { en: 'Never' }, next: 'refuse', after_seconds: null, level: 'client' },
  ],
  form: [
    { name: 'until', title: { en: 'Until' }, kind: 'date', choices: [], required: true },
    { name: 'paper', title: { 'zh-CN': '报纸' }, kind: 'choice', choices: [{ code: 'daily', title: { 'zh-CN': '日报' } }, { code: 'weekly', title: { en: 'Weekly' } }], required: false },
    { name: 'gift', title: { en: 'Gift' }, kind: 'yes_no', choices: [], required: false },
  ],
}
const { id: _id, campaign: _campaign, state: _state, version: _version, contacts: _all, contacts_dialling: _dialling, contacts_closed: _closed, ...DEFINITION } = CAMPAIGN

test('a definition that nobody touches stays as it is', () => {
  expect(definitionOf(formOf(CAMPAIGN))).toEqual(DEFINITION)
  const bare: Campaign = { ...CAMPAIGN, kind: 'ivr', queue: null, ratio: null, calendar: null, client: null, retries: {}, script: null }
  const { queue, ratio, calendar, client, retries, script } = definitionOf(formOf(bare))
  expect({ queue, ratio, calendar, client, retries, script }).toEqual({ queue: null, ratio: null, calendar: null, client: null, retries: {}, script: null })
})

test('a change is told in the words of the form', () => {
  const teller: Teller = { t: ((key: string) => key) as Teller['t'], te: (() => true) as Teller['te'] }
  const told = (pointer: string, value: WordValue): string => `${placeText(teller, pointer)} = ${valueText(teller, pointer, value)}`
  expect(told('/abandon_cap', 0.07)).toBe('campaigns.abandonCap = 7')
  expect(told('/abandon_cap_holds', 'always')).toBe('campaigns.capHolds = campaigns.capHeld.always')
  expect(told('/window/days', ['mon', 'sun'])).toBe('campaigns.days = campaigns.weekday.mon, campaigns.weekday.sun')
  expect(told('/kind', 'ivr')).toBe('campaigns.kindField = campaigns.kind.ivr')
  expect(told('/calendar', null)).toBe('campaigns.calendar = –')
  expect(told('/needs_consent', true)).toBe('campaigns.needsConsent = common.yes')
  expect(told('/retries/busy/after_seconds', 3600)).toBe('campaigns.retries “campaigns.outcome.busy”: campaigns.retryAfter = 60')
  expect(valueText(teller, '/retries/busy', { times: 3, after_seconds: 1800 })).toContain('campaigns.retryTimes: 3')
  expect(told('/flow_retries/later/after_seconds', 86_400)).toBe('campaigns.flowRetries “later”: campaigns.retryAfter = 1440')
  expect(placeText(teller, '/flow_retries/later')).toBe('campaigns.flowRetries “later”')
  // A word of a newer service.
  expect(told('/novelty/of', 'x')).toBe('novelty/of = x')
})

test('who stops a campaign is told when the day is above its cap', () => {
  const day = (abandoned: number, answered: number) => ({ answered, abandoned, abandoned_share: answered === 0 ? null : abandoned / answered })
  expect(aboveCap({ day: day(4, 100), abandon_cap: 0.03 })).toBe(0.04)
  expect(aboveCap({ day: day(3, 100), abandon_cap: 0.03 })).toBeNull()
  expect(aboveCap({ day: day(0, 0), abandon_cap: 0.03 })).toBeNull()
})

test('what another kind needs is not sent', () => {
  const form = { ...emptyForm(), title_en: ' Poll ', queue: 'sales', ratio: 2 }
  expect(definitionOf(form)).toMatchObject({ title: { en: 'Poll' }, kind: 'ivr', queue: 'sales', ratio: null, abandon_cap: 0.03 })
  expect(definitionOf({ ...form, kind: 'predictive' })).toMatchObject({ queue: 'sales', ratio: null })
})

test('what follows the flow is said of a campaign whose flow speaks, and of no other', () => {
  const flow_retries = { later: { times: 2, after_seconds: 172_800 } }
  const reminders: Campaign = { ...CAMPAIGN, kind: 'ivr', ratio: null, flow_retries }
  expect(definitionOf(formOf(reminders)).flow_retries).toEqual(flow_retries)
  expect(definitionOf({ ...formOf(reminders), kind: 'predictive' }).flow_retries).toEqual({})
  const [first, second] = [emptyFlowRetry([]), emptyFlowRetry([emptyFlowRetry([])])]
  expect([first.outcome, first.after_minutes, second.outcome]).toEqual(['later', 1440, ''])
})

test('days are sent in the order of the week', () => {
  expect(definitionOf({ ...emptyForm(), days: ['sun', 'mon'] }).window.days).toEqual(['mon', 'sun'])
})

test('names of campaigns are those that the service takes', () => {
  expect(['poll', 'poll-2026', 'a_b'].every(isName)).toBe(true)
  expect(['', 'Poll', '2poll', 'poll-', 'a--b', 'a'.repeat(65)].some(isName)).toBe(false)
})

test('one thing is one column only, and a column can be left out', () => {
  const mapping = { 手机: 'phone', name: 'name' }
  expect(mapped(mapping, 'tel', 'phone')).toEqual({ name: 'name', tel: 'phone' })
  expect(mapped(mapping, 'name', '')).toEqual({ 手机: 'phone' })
  expect(mapped(mapping, 'name', 'details.who')).toEqual({ 手机: 'phone', name: 'details.who' })
})

test('columns with an English name can become details', () => {
  expect(detailsFor(['手机', 'Ends on', 'subscription.product', '2nd'], { 产品: 'details.product', 手机: 'phone' })).toEqual([
    'details.product',
    'details.ends_on',
    'details.subscription.product',
  ])
})

test('the meter shows the cap, and that it is crossed', () => {
  expect(meter(null, 0.03)).toEqual({ value: 0, capAt: 2 / 3, over: false })
  expect(meter(0.03, 0.03).over).toBe(false)
  const over = meter(0.09, 0.03)
  expect([over.over, over.value]).toEqual([true, 1])
  expect(over.capAt).toBeCloseTo(1 / 3)
  expect(meter(0, 0).capAt).toBe(0)
})

test('campaigns are found by all words, and by state', () => {
  expect(matching([CAMPAIGN], '民意 sales', '')).toEqual([CAMPAIGN])
  expect(matching([CAMPAIGN], '', 'running')).toEqual([])
  expect(shareDone(4, 10)).toBe(0.4)
  expect(shareDone(0, 0)).toBe(0)
})

test('outcomes come by how many there are; agents are unknown where nobody dials', () => {
  const live = { outcomes: { busy: 1, answered: 5, no_answer: 1 }, dialler: null } as unknown as CampaignLive
  expect(mostFirst(live.outcomes).map(([name]) => name)).toEqual(['answered', 'busy', 'no_answer'])
  expect(agentsOf(live)).toEqual([])
})

test('what is wrong is found at its field, parts of it too', () => {
  const wrong = [{ pointer: '/caller_ids/1', code: 'field.number', detail: 'no' }, { pointer: '/window/to', code: 'x', detail: 'y' }]
  const problem = new Problem('campaign.invalid', 422, '', null, wrong)
  expect(fieldsAt(problem, '/caller_ids')).toEqual([wrong[0]])
  expect(fieldsAt(problem, '/window/to')).toEqual([wrong[1]])
  expect(fieldsAt(problem, '/caller')).toEqual([])
  expect(fieldsAt(null, '/caller')).toEqual([])
})

test('what another next step or kind needs is left out of dispositions and fields', () => {
  const form = formOf(CAMPAIGN)
  form.dispositions[1]!.next = 'done'
  form.dispositions[2]!.next = 'wrong_number'
  form.fields[1]!.kind = 'text'
  const { dispositions, form: fields } = definitionOf(form)
  expect(dispositions.map(({ after_seconds, level }) => [after_seconds, level])).toEqual([
    [null, null],
    [null, null],
    [null, null],
  ])
  expect(fields[1]!.choices).toEqual([])
})

test('a disposition has its title of the campaign, or that of the queue', () => {
  const general = (code: string): string => `general ${code}`
  expect(dispositionTitle(CAMPAIGN, 'renewed', 'en', general)).toBe('Renewed')
  expect(dispositionTitle(CAMPAIGN, 'later', 'zh-CN', general)).toBe('Later')
  expect(dispositionTitle(CAMPAIGN, 'resolved', 'en', general)).toBe('general resolved')
})

test('answers are read in the order of the form and in the words of its choices', () => {
  const truth = (yes: boolean): string => (yes ? 'yes' : 'no')
  expect(answersOf(CAMPAIGN, { gift: false, paper: 'daily', gone: 'x' }, 'en', truth)).toEqual([
    ['报纸', '日报'],
    ['Gift', 'no'],
  ])
})

test('who has been looked at is weighed no more, and again when that is taken back', () => {
  const before = { weighed: 40, suspected: 3 }
  const after = judged(before, null, 'person')
  expect(after).toEqual({ weighed: 39, suspected: 2 })
  expect(judged(after, 'person', 'machine')).toEqual(after)
  expect(judged(after, 'person', null)).toEqual(before)
  expect(judged({ weighed: null, suspected: null }, null, 'person')).toEqual({ weighed: null, suspected: null })
  expect(judged(null, null, 'person')).toBeNull()
})

test('a call that was taken for a machine is judged by keys, and others mean nothing', () => {
  expect(['p', 'P', 'm', 'u', 'Enter', 'ArrowDown', 'ArrowUp'].map(deedOf)).toEqual(['person', 'person', 'machine', 'undo', 'open', 'down', 'up'])
  expect(['x', ' ', 'Escape', 'Tab'].map(deedOf)).toEqual([undefined, undefined, undefined, undefined])
  expect(isPlain(new KeyboardEvent('keydown', { key: 'p' }))).toBe(true)
  expect(isPlain(new KeyboardEvent('keydown', { key: 'p', altKey: true }))).toBe(false)
  expect(isPlain(new KeyboardEvent('keydown', { key: 'u', ctrlKey: true }))).toBe(false)
})

test('a call keeps its place in the list when it is judged', () => {
  const call = (id: string): TakenCall => ({
    id, contact_id: null, name: null, phone: '+8613800138000', answered_at: null, listened_seconds: null, lasted_seconds: null, cause: null,
    outcome: 'machine', suspicion: 1, clues: [], line: '', verdict: null, reviewed_at: null, reviewed_by: null, call_id: null,
  })
  const judged = replaced([call('a'), call('b')], { ...call('b'), verdict: 'person' })
  expect(judged.map((one) => [one.id, one.verdict])).toEqual([['a', null], ['b', 'person']])
  expect(secondsText('en', 3)).toBe('3.0')
})

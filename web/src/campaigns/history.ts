import type { Composer } from 'vue-i18n'

import type { WordChange } from '@/api/campaigns'
import { UNKNOWN } from '@/time/format'

import { percentOf } from './definition'

/** What the places of a definition are called in its form. */
const NAMES: Record<string, string> = {
  '/title/zh-CN': 'named.titleZh',
  '/title/en': 'named.titleEn',
  '/kind': 'campaigns.kindField',
  '/flow': 'campaigns.flow',
  '/queue': 'campaigns.queue',
  '/caller_ids': 'campaigns.callerIds',
  '/calendar': 'campaigns.calendar',
  '/window/from': 'campaigns.from',
  '/window/to': 'campaigns.to',
  '/window/days': 'campaigns.days',
  '/ring_seconds': 'campaigns.ringSeconds',
  '/ratio': 'campaigns.ratio',
  '/caps/attempts': 'campaigns.attempts',
  '/caps/calls_per_day': 'campaigns.callsPerDay',
  '/caps/calls_at_once': 'campaigns.callsAtOnce',
  '/priority': 'campaigns.priority',
  '/client': 'campaigns.client',
  '/machine_detection': 'campaigns.machineDetection',
  '/abandon_cap': 'campaigns.abandonCap',
  '/abandon_cap_holds': 'campaigns.capHolds',
  '/needs_consent': 'campaigns.needsConsent',
  '/dispositions': 'campaigns.dispositions',
  '/form': 'campaigns.part.said',
  '/script': 'campaigns.part.script',
  '/script/zh-CN': 'campaigns.scriptZh',
  '/script/en': 'campaigns.scriptEn',
}
/** How the words of a place are called that stand for something. */
const WORDS: Record<string, string> = { '/kind': 'kind', '/machine_detection': 'machine', '/abandon_cap_holds': 'capHeld', '/window/days': 'weekday' }

export type Teller = Pick<Composer, 't' | 'te'>

/** What was changed, as the form calls it; a word that the form does not have, as the service does. */
export function placeText({ t }: Teller, pointer: string): string {
  const name = NAMES[pointer]
  if (name !== undefined) return t(name)
  const [, part, outcome, word] = pointer.split('/')
  if (part === 'flow_retries' && outcome === undefined) return t('campaigns.flowRetries')
  if ((part !== 'retries' && part !== 'flow_retries') || outcome === undefined) return pointer.slice(1)
  const after = part === 'retries' ? `${t('campaigns.retries')} “${t(`campaigns.outcome.${outcome}`)}”` : `${t('campaigns.flowRetries')} “${outcome}”`
  return word === undefined ? after : `${after}: ${t(word === 'times' ? 'campaigns.retryTimes' : 'campaigns.retryAfter')}`
}

/** What stood or stands there. */
export function valueText(teller: Teller, pointer: string, value: WordChange['before']): string {
  const { t, te } = teller
  if (value === null || value === '') return UNKNOWN
  if (Array.isArray(value)) return value.length === 0 ? UNKNOWN : value.map((one) => valueText(teller, pointer, one)).join(', ')
  if (typeof value === 'boolean') return t(value ? 'common.yes' : 'common.no')
  if (typeof value === 'object') {
    // A row of a list is told by its name.
    const name = value['code'] ?? value['name']
    if (typeof name === 'string') return name
    return Object.entries(value).map(([word, one]) => `${placeText(teller, `${pointer}/${word}`)}: ${valueText(teller, `${pointer}/${word}`, one)}`).join('; ')
  }
  if (typeof value === 'number') {
    if (pointer === '/abandon_cap') return String(percentOf(value))
    return String(pointer.endsWith('/after_seconds') ? value / 60 : value)
  }
  const key = `campaigns.${WORDS[pointer] ?? ''}.${value}`
  return WORDS[pointer] !== undefined && te(key) ? t(key) : value
}

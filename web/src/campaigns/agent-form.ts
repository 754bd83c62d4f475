import type { CampaignDisposition, CampaignField, RefusalLevel } from '@/api/campaigns'
import type { FieldKind, NextStep } from '@/api/dispositions'

import { textsOf } from './texts'

export const NEXT_STEPS: NextStep[] = ['done', 'retry', 'callback', 'refuse', 'wrong_number']
export const FIELD_KINDS: FieldKind[] = ['text', 'number', 'choice', 'yes_no', 'date']
export const LEVELS: RefusalLevel[] = ['global', 'client', 'campaign']
export const MOST_DISPOSITIONS = 30
export const MOST_FIELDS = 20
export const MOST_CHOICES = 20

/** A disposition as people fill it in: without `after_minutes` it is called again as soon as may be. */
export interface DispositionRow {
  code: string
  title_zh: string
  title_en: string
  next: NextStep
  after_minutes: number | undefined
  level: RefusalLevel
}

export interface ChoiceRow {
  code: string
  title_zh: string
  title_en: string
}

export interface FieldRow {
  name: string
  title_zh: string
  title_en: string
  kind: FieldKind
  required: boolean
  choices: ChoiceRow[]
}

export const emptyDisposition = (): DispositionRow => ({ code: '', title_zh: '', title_en: '', next: 'done', after_minutes: undefined, level: 'global' })
export const emptyChoice = (): ChoiceRow => ({ code: '', title_zh: '', title_en: '' })
export const emptyField = (): FieldRow => ({ name: '', title_zh: '', title_en: '', kind: 'text', required: false, choices: [] })

export const dispositionRows = (dispositions: CampaignDisposition[]): DispositionRow[] =>
  dispositions.map(({ code, title, next, after_seconds, level }) => ({
    code,
    title_zh: title['zh-CN'] ?? '',
    title_en: title.en ?? '',
    next,
    after_minutes: after_seconds === null ? undefined : after_seconds / 60,
    level: level ?? 'global',
  }))

/** As the service takes them; what another next step needs is left out. */
export const dispositionsOf = (rows: DispositionRow[]): CampaignDisposition[] =>
  rows.map(({ code, title_zh, title_en, next, after_minutes, level }) => ({
    code: code.trim(),
    title: textsOf(title_zh, title_en),
    next,
    after_seconds: next === 'retry' && after_minutes !== undefined ? Math.round(after_minutes * 60) : null,
    level: next === 'refuse' ? level : null,
  }))

export const fieldRows = (fields: CampaignField[]): FieldRow[] =>
  fields.map(({ name, title, kind, choices, required }) => ({
    name,
    title_zh: title['zh-CN'] ?? '',
    title_en: title.en ?? '',
    kind,
    required,
    choices: choices.map((choice) => ({ code: choice.code, title_zh: choice.title['zh-CN'] ?? '', title_en: choice.title.en ?? '' })),
  }))

export const fieldsOf = (rows: FieldRow[]): CampaignField[] =>
  rows.map(({ name, title_zh, title_en, kind, required, choices }) => ({
    name: name.trim(),
    title: textsOf(title_zh, title_en),
    kind,
    choices: kind === 'choice' ? choices.map((choice) => ({ code: choice.code.trim(), title: textsOf(choice.title_zh, choice.title_en) })) : [],
    required,
  }))

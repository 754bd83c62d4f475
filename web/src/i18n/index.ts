import type { Language as ElementLanguage } from 'element-plus/es/locale/index.mjs'
import { shallowRef } from 'vue'
import { createI18n } from 'vue-i18n'

import { setAcceptLanguage } from '@/api/http'
import type { Language } from '@/api/types'

import type { Messages } from './en'

const REMEMBERED = 'cti.language'

const texts: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => import('./en'),
  'zh-CN': () => import('./zh-CN'),
}

const elementTexts: Record<Language, () => Promise<{ default: ElementLanguage }>> = {
  en: () => import('element-plus/es/locale/lang/en.mjs'),
  'zh-CN': () => import('element-plus/es/locale/lang/zh-cn.mjs'),
}

export const LANGUAGES: { tag: Language; name: string }[] = [
  { tag: 'zh-CN', name: '中文' },
  { tag: 'en', name: 'English' },
]

export const elementLanguage = shallowRef<ElementLanguage>()

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  messages: {} as Record<string, Messages>,
})

/** The language of somebody who is not signed in: chosen here before, else the browser's, else English. */
export function firstLanguage(): Language {
  const remembered = localStorage.getItem(REMEMBERED)
  if (remembered === 'zh-CN' || remembered === 'en') return remembered
  return navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

/** Loads all languages, so that the choice works without a network. */
export async function loadLanguages(): Promise<void> {
  await Promise.all(LANGUAGES.flatMap(({ tag }) => [texts[tag](), elementTexts[tag]()]))
}

export async function setLanguage(language: Language): Promise<void> {
  const [own, element] = await Promise.all([texts[language](), elementTexts[language]()])
  i18n.global.setLocaleMessage(language, own.default)
  i18n.global.locale.value = language
  elementLanguage.value = element.default
  document.documentElement.lang = language
  setAcceptLanguage(language)
  localStorage.setItem(REMEMBERED, language)
}

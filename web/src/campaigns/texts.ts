import type { Texts } from '@/api/types'

/** What people typed, in the languages in which they typed something. */
export function textsOf(zh: string, en: string): Texts {
  const texts: Texts = {}
  if (zh.trim() !== '') texts['zh-CN'] = zh.trim()
  if (en.trim() !== '') texts.en = en.trim()
  return texts
}

import type { Flow, FlowKind, Texts } from '@/api/flows'
import type { Language } from '@/api/types'

/** In the reader's language, else in the other, else its name. */
export function titleOf(title: Texts, name: string, language: string): string {
  const other: Language = language === 'en' ? 'zh-CN' : 'en'
  return title[language as Language] ?? title[other] ?? name
}

/** Flows whose name, titles or numbers have every word of the search. */
export function matching(flows: Flow[], search: string, kind: FlowKind | ''): Flow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return flows.filter((flow) => {
    if (kind !== '' && flow.kind !== kind) return false
    const text = [flow.name, ...Object.values(flow.title), ...flow.numbers].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** The name that a text gives its flow; null while it gives none. */
export function nameIn(text: string): string | null {
  const found = /^flow:[ \t]*["']?([a-z][a-z0-9]*(?:[-_/][a-z0-9]+)*)["']?[ \t]*(?:#.*)?$/m.exec(text)
  return found?.[1] ?? null
}

/** Where a line of a text begins and ends; the last one for lines beyond it. */
export function lineSpan(text: string, line: number, column = 1): { from: number; to: number } {
  const lines = text.split('\n')
  const at = Math.min(Math.max(line, 1), lines.length) - 1
  const begin = lines.slice(0, at).reduce((sum, one) => sum + one.length + 1, 0)
  const to = begin + lines[at]!.length
  return { from: Math.min(begin + Math.max(column, 1) - 1, to), to }
}

export type DiffLine = { kind: 'added' | 'removed' | 'place' | 'same'; text: string }

/** The lines of a unified diff without its two headings. */
export function diffLines(diff: string): DiffLine[] {
  const kinds: Record<string, DiffLine['kind']> = { '+': 'added', '-': 'removed', '@': 'place' }
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .slice(2)
    .map((text) => ({ kind: kinds[text[0] ?? ''] ?? 'same', text }))
}

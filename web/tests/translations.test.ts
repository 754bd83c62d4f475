import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else for (const [path, text] of flat(value, `${prefix}${key}.`)) all.set(path, text)
  }
  return all
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(vue|ts)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
}

const english = flat(en)
const chinese = flat(zh)
const code = sources('src')
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort()

test('every text exists in both languages with the same placeholders', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  for (const [key, text] of english) expect(placeholders(chinese.get(key)!), key).toEqual(placeholders(text))
})

test('every key that the code asks for exists', () => {
  const asked = code.flatMap((text) => [...text.matchAll(/\bt\('([\w.-]+)'/g)].map((match) => match[1]!))
  expect(asked.length).toBeGreaterThan(100)
  expect(asked.filter((key) => !english.has(key))).toEqual([])
})

test('every text is used', () => {
  const all = code.join('\n')
  // A key that is put together at run time is looked for by what stands before its last part.
  const used = (key: string): boolean => {
    const parts = key.split('.')
    return all.includes(`'${key}'`) || all.includes(`\`${parts.slice(0, -1).join('.')}.\${`) || /^(shortcuts|page|detail|problem)\./.test(key)
  }
  expect([...english.keys()].filter((key) => !used(key))).toEqual([])
})

test('no source shows a person a text of its own', () => {
  const templates = code.filter((text) => text.includes('<template>')).map((text) => text.slice(text.indexOf('<template>'), text.lastIndexOf('</template>')))
  const words = templates.flatMap((text) => [...text.matchAll(/>\s*([A-Za-z\u4e00-\u9fff]{2,}[^<{}"()]*)</g)].map((match) => match[1]!))
  expect(words).toEqual([])
})

test('no component writes raw HTML', () => {
  expect(code.filter((text) => /v-html|innerHTML/.test(text))).toEqual([])
})

import { expect, test } from 'vitest'

import type { Prompt, SoundState } from '@/api/prompts'
import { counted, ordered } from '@/prompts/order'

const prompt = (name: string, chinese: SoundState, english: SoundState | null = chinese): Prompt => ({
  name,
  sounds: [
    { language: 'zh-CN', text: `${name} 您好`, state: chinese, seconds: 1, recorded_at: null, restorable: false },
    ...(english === null
      ? []
      : [{ language: 'en' as const, text: `${name} Hello`, state: english, seconds: 1, recorded_at: null, restorable: false }]),
  ],
})

const all = [
  prompt('goodbye', 'recorded'),
  prompt('number/1', 'synthetic'),
  prompt('number/liang', 'missing', null),
  prompt('welcome', 'synthetic'),
  prompt('menu', 'recorded', 'outdated'),
  prompt('voicemail', 'synthetic', 'missing'),
]
const names = (search: string, state: SoundState | '' = ''): string[] => ordered(all, { search, state }).map((one) => one.name)

test('what needs somebody comes first, and the words of numbers last', () => {
  expect(names('')).toEqual(['voicemail', 'menu', 'number/liang', 'welcome', 'goodbye', 'number/1'])
})

test('names and texts in both languages are searched', () => {
  expect(names('WELCOME')).toEqual(['welcome'])
  expect(names('menu 您好')).toEqual(['menu'])
  expect(names('menu hello')).toEqual(['menu'])
  expect(names('nothing')).toEqual([])
})

test('a state is chosen by any of the two languages', () => {
  expect(names('', 'outdated')).toEqual(['menu'])
  expect(names('', 'missing')).toEqual(['voicemail', 'number/liang'])
})

test('sounds are counted, not prompts', () => {
  expect(counted(all)).toEqual({ missing: 2, outdated: 1, synthetic: 5, recorded: 3 })
})

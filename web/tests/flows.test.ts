import { expect, test } from 'vitest'

import type { Trial, TrialExchange } from '@/api/flow-trial'
import { diffLines, lineSpan, nameIn } from '@/flows/flow-text'
import { marginText, spanOf, valueText } from '@/flows/figure'
import { drawingOf } from '@/flows/svg'
import { dataOf, joined, keysOf, pathIn, wordsOf } from '@/flows/trial'

const exchange = (step: string, came: [string, string, string][], told = ''): TrialExchange => ({
  step,
  action: 'Ask',
  ways: came.map(([flow, name, way]) => ({ flow, step: name, way })),
  answers: [],
  mistakes: [],
  says: [],
  told,
  deed: null,
})
const turn = (...exchanges: TrialExchange[]): Trial => ({ version: '', exchanges, language: 'en', expected: [], outcome: null, state: null })

test('a turn tells what happened in the exchange that waited', () => {
  const begun = joined([], turn(exchange('a/ask', [['a', 'ask', 'start']])))
  const next = joined(begun, turn(exchange('a/ask', [], '1'), exchange('a/bye', [['a', 'bye', '1']])))
  expect(next.map((one) => [one.step, one.told])).toEqual([['a/ask', '1'], ['a/bye', '']])
  expect(next[0]!.ways).toHaveLength(1)
})

test('the path through a flow leaves its sub-flows out', () => {
  const all = [exchange('a/ask', [['a', 'ask', 'start'], ['b', 'in', 'start']]), exchange('a/bye', [['a', 'bye', 'returned']])]
  expect(pathIn('a', all)).toEqual({ current: 'bye', visited: new Set(['ask', 'bye']), ways: new Set(['ask>bye']) })
  expect(pathIn('b', all).current).toBeNull()
})

test('data is read as it is written, and a telephone number stays a text', () => {
  expect(dataOf('customer.name = Li\namount: 12.5\nok = true\ncode = 0042\n\ncall.number = 13800138000\nnonsense')).toEqual({
    data: { 'customer.name': 'Li', amount: 12.5, ok: true, code: '0042', 'call.number': '13800138000' },
    wrong: ['nonsense'],
  })
})

test('keys are told from words', () => {
  expect([...keysOf(['0-9*#', 'noinput'])]).toHaveLength(12)
  expect([...keysOf(['answered', '1', '*'])]).toEqual(['1', '*'])
  expect(wordsOf(['0-9*#', '1', 'noinput', 'record:7'])).toEqual(['noinput', 'record:7'])
})

test('a place in a text is found by line and column', () => {
  expect(lineSpan('ab\ncdef\n', 2, 3)).toEqual({ from: 5, to: 7 })
  expect(lineSpan('ab', 9)).toEqual({ from: 0, to: 2 })
})

test('a text names its flow', () => {
  expect(nameIn('# x\nflow: "main-menu" # y\nkind: inbound')).toBe('main-menu')
  expect(nameIn('  flow: inner')).toBeNull()
})

test('a difference loses its headings', () => {
  expect(diffLines('--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n').map((line) => line.kind)).toEqual(['place', 'removed', 'added', 'same'])
  expect(diffLines('')).toEqual([])
})

test('what was not measured is a dash and has no margin', () => {
  const figure = { n: 0, value: null, low: null, high: null, method: null, population: null }
  expect(valueText('en', figure, 'share')).toBe('–')
  expect(marginText('en', figure, 'share')).toBe('')
  expect(valueText('en', { ...figure, n: 8, value: 0.714 }, 'share')).toBe('71.4%')
})

test('chosen days last to the end of the last one', () => {
  const { from, to } = spanOf([new Date(2026, 10, 1), new Date(2026, 10, 2)], new Date())
  expect(Date.parse(to) - Date.parse(from)).toBe(2 * 86_400_000)
})

test('a drawing keeps no script, style, link or handler', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script><style>*{}</style><g class="step" onclick="x()"><a href="javascript:x()"><text>t</text></a><text x="1">ok</text></g></svg>'
  const drawn = drawingOf(svg)!.outerHTML
  expect(drawn).toContain('>ok<')
  expect(drawn).not.toMatch(/script|style|onload|onclick|href/)
})

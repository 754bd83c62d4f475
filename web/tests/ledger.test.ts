import { expect, test } from 'vitest'

import { dayBars, gapReason, gapSeconds } from '@/ledger/days'

const day = (name: string, channels: number, matched = channels, lone = 0) => ({ day: name, channels, matched, filled: 0, lone_legs: lone })

test('days have no holes: a day without calls is an empty bar', () => {
  const bars = dayBars([day('2026-02-27', 10), day('2026-03-02', 5)])
  expect(bars.map((bar) => bar.day)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'])
  expect(bars.map((bar) => bar.channels)).toEqual([10, 0, 0, 5])
  expect(bars.map((bar) => bar.height)).toEqual([1, 0, 0, 0.5])
  expect(bars.every((bar) => bar.wrong === 0)).toBe(true)
})

test('one channel of a thousand that does not fit is still seen', () => {
  const [bar] = dayBars([day('2026-03-01', 1000, 999)])
  expect(bar!.unmatched).toBe(1)
  expect(bar!.wrong).toBeGreaterThan(0.05)
})

test('legs without a channel do not fit either', () => {
  const [bar] = dayBars([day('2026-03-01', 0, 0, 3)])
  expect(bar).toMatchObject({ channels: 0, unmatched: 3, height: 1, wrong: 1 })
})

test('no days give no bars, and a year gives its last two months', () => {
  expect(dayBars([])).toEqual([])
  expect(dayBars([day('2025-01-01', 1), day('2025-12-31', 1)])).toHaveLength(62)
})

test('a cause is said in words, and what broke the connection beside them', () => {
  expect(gapReason('asterisk_restarted')).toEqual({ key: 'asterisk_restarted', detail: null })
  expect(gapReason('the service stopped')).toEqual({ key: 'stopped', detail: null })
  expect(gapReason('Asterisk closed the connection')).toEqual({ key: 'disconnected', detail: 'Asterisk closed the connection' })
})

test('a gap whose beginning nobody knows has no length', () => {
  expect(gapSeconds(null, '2026-03-01T00:00:10.000Z')).toBeNull()
  expect(gapSeconds('2026-03-01T00:00:00.000Z', '2026-03-01T00:00:10.500Z')).toBe(10.5)
})

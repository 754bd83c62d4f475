import { expect, test } from 'vitest'

import { endOf, inOrder, nextHour, spanMistake } from '@/announcements/duration'

const NOW = Date.parse('2026-03-01T12:00:00Z')

test('an announcement ends when its time is over, or when somebody switches it off', () => {
  expect(endOf('open', NOW)).toBeNull()
  expect(endOf('half_hour', NOW)).toBe('2026-03-01T12:30:00.000Z')
  const midnight = new Date(endOf('today', NOW)!)
  expect([midnight.getHours(), midnight.getMinutes()]).toEqual([0, 0])
  expect(midnight.getTime()).toBeGreaterThan(NOW)
  expect(midnight.getTime() - NOW).toBeLessThanOrEqual(24 * 3_600_000)
})

test('surge and outage come first, then what is on', () => {
  const named = (name: string, is_on = false) => ({ name, is_on })
  const names = inOrder([named('aaa'), named('outage'), named('zzz', true), named('surge')]).map((one) => one.name)
  expect(names).toEqual(['surge', 'outage', 'zzz', 'aaa'])
})

test('a span ends after now and after its begin', () => {
  const at = (minutes: number): Date => new Date(NOW + minutes * 60_000)
  expect(spanMistake(at(60), null, NOW)).toBeNull()
  expect(spanMistake(at(60), at(90), NOW)).toBeNull()
  expect(spanMistake(null, at(1), NOW)).toBeNull()
  expect(spanMistake(at(60), at(60), NOW)).toBe('ends_first')
  expect(spanMistake(null, at(0), NOW)).toBe('over')
})

test('what is planned begins with the next full hour', () => {
  const next = nextHour(NOW + 1)
  expect([next.getMinutes(), next.getSeconds(), next.getMilliseconds()]).toEqual([0, 0, 0])
  expect(next.getTime()).toBeGreaterThan(NOW)
  expect(next.getTime() - NOW).toBeLessThanOrEqual(3_600_000)
})

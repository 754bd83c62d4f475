import { expect, test } from 'vitest'

import { secondsBetween, ServerClock } from '@/time/clock'
import { clockText, dateTimeFormat, percentText, UNKNOWN } from '@/time/format'

test('the offset to the service is that of the frame that was fastest', () => {
  const clock = new ServerClock()
  clock.sample('2026-11-22T05:30:10.000Z', Date.parse('2026-11-22T05:30:00.300Z'))
  clock.sample('2026-11-22T05:30:11.000Z', Date.parse('2026-11-22T05:30:01.020Z'))
  clock.sample('2026-11-22T05:30:12.000Z', Date.parse('2026-11-22T05:30:02.900Z'))
  expect(clock.offsetMs).toBe(9980)
})

test('a change of this machine\'s clock is forgotten after a few frames', () => {
  const clock = new ServerClock()
  clock.sample('2026-11-22T06:30:00.000Z', Date.parse('2026-11-22T05:30:00.000Z'))
  for (let second = 0; second < 16; second += 1) {
    const at = new Date(Date.parse('2026-11-22T07:00:00.000Z') + second * 1000)
    clock.sample(at.toISOString(), at.getTime())
  }
  expect(clock.offsetMs).toBe(0)
})

test('an instant that is none changes nothing', () => {
  const clock = new ServerClock()
  clock.sample('yesterday', 0)
  expect(clock.offsetMs).toBe(0)
})

test('durations are never negative, and unknown stays unknown', () => {
  expect(secondsBetween('2026-11-22T05:30:10Z', Date.parse('2026-11-22T05:30:00Z'))).toBe(0)
  expect(secondsBetween(null, 0)).toBeNull()
  expect(secondsBetween('nonsense', 0)).toBeNull()
})

test.each([
  [0, '0:00'],
  [59.9, '0:59'],
  [754, '12:34'],
  [3723, '1:02:03'],
  [null, UNKNOWN],
  [NaN, UNKNOWN],
])('%s seconds are shown as %s', (seconds, text) => {
  expect(clockText(seconds)).toBe(text)
})

test('what is not known is never shown as zero', () => {
  expect(percentText('en', null)).toBe(UNKNOWN)
  expect(percentText('en', 0)).toBe('0%')
  expect(dateTimeFormat(null)).toBe(UNKNOWN)
  expect(dateTimeFormat('broken')).toBe(UNKNOWN)
})

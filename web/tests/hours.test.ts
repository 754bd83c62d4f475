import { expect, test } from 'vitest'

import { hoursText, readHours, weekBars, weekdays } from '@/hours/week'
import { csvCell } from '@/ui/csv'

test('hours are read as people write them', () => {
  expect(readHours('09:00-12:00, 13:30 – 18:00')).toEqual([{ from: '09:00', to: '12:00' }, { from: '13:30', to: '18:00' }])
  expect(readHours('')).toEqual([])
  for (const wrong of ['9-5', '09:00', '24:01-02:00', '09:00-12:00-13:00', '09:60-10:00']) expect(readHours(wrong), wrong).toBeNull()
  expect(readHours(hoursText([{ from: '22:00', to: '06:00' }]))).toEqual([{ from: '22:00', to: '06:00' }])
})

test('what goes on past midnight is drawn on the next day, on Monday after Sunday', () => {
  const week = [[], [], [], [], [], [], [{ from: '18:00', to: '06:00' }]]
  const bars = weekBars(week)
  expect(bars[6]).toEqual([{ begin: 0.75, length: 0.25 }])
  expect(bars[0]).toEqual([{ begin: 0, length: 0.25 }])
  expect(weekBars([[{ from: '00:00', to: '24:00' }]])[0]).toEqual([{ begin: 0, length: 1 }])
})

test('the week begins on Monday', () => {
  expect(weekdays('en')[0]).toBe('Mon')
  expect(weekdays('zh-CN')[6]).toBe('周日')
})

test('no cell of a file is a formula to a spreadsheet', () => {
  expect(csvCell('=1+1')).toBe("'=1+1")
  expect(csvCell('a,"b"')).toBe('"a,""b"""')
})

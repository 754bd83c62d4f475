import { expect, test } from 'vitest'

import type { Role } from '@/api/types'
import { createAppRouter } from '@/router'
import { entryAt, menuOf } from '@/shell/menu'

const ROLES: Role[] = ['agent', 'supervisor', 'admin']
const pathsOf = (role: Role): string[] => menuOf(role).flatMap(({ entries }) => entries.map(({ path }) => path))

test('the page that is open is marked, and on the pages below it the nearest one above', () => {
  const menu = menuOf('admin')
  expect(entryAt(menu, '/flows/main-menu/edit')?.name).toBe('flows')
  expect(entryAt(menu, '/new-flow')?.name).toBe('flows')
  expect(entryAt(menu, '/supervisor')?.name).toBe('supervisor')
  expect(entryAt(menu, '/supervisor/calls')?.name).toBe('calls')
  expect(entryAt(menu, '/flowspage')).toBeNull()
  expect(entryAt(menuOf('agent'), '/agent/history')?.name).toBe('history')
})

test('the menu shows each role what it may open, once, and nothing else', () => {
  const routes = createAppRouter().getRoutes()
  for (const role of ROLES) {
    const paths = pathsOf(role)
    expect(new Set(paths).size).toBe(paths.length)
    const allowed = (path: string): boolean => routes.find((route) => route.path === path)?.meta.roles?.includes(role) ?? false
    expect(paths.filter((path) => !allowed(path))).toEqual([])
  }
})

test('the whole of each role is in the menu', () => {
  const routes = createAppRouter().getRoutes()
  for (const role of ROLES) {
    const open = routes.filter((route) => route.meta.roles?.includes(role) && !route.path.includes(':'))
    expect(open.filter((route) => entryAt(menuOf(role), route.path) === null).map((route) => route.path)).toEqual([])
  }
})

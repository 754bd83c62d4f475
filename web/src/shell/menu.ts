import type { Role } from '@/api/types'

/** A page of the menu; `name` is a key under `page`. */
export interface MenuEntry {
  path: string
  name: string
  /** Where else it is the one that is marked. */
  also?: string[]
}

/** What belongs together, under a heading (a key under `nav.group`); a page that stands alone has none. */
export interface MenuGroup {
  heading?: string
  entries: MenuEntry[]
}

const STATUS: MenuEntry = { path: '/status', name: 'status' }

const AGENT: MenuGroup[] = [
  { entries: [{ path: '/agent', name: 'agent' }] },
  { entries: [{ path: '/tasks', name: 'tasks' }] },
  { entries: [{ path: '/agent/history', name: 'history' }] },
]

const LEADER: MenuGroup[] = [
  { entries: [{ path: '/supervisor', name: 'supervisor' }] },
  {
    heading: 'calls',
    entries: [
      { path: '/supervisor/calls', name: 'calls' },
      { path: '/campaigns', name: 'campaigns', also: ['/new-campaign'] },
      { path: '/ledger', name: 'ledger' },
    ],
  },
  {
    heading: 'flows',
    entries: [
      { path: '/flows', name: 'flows', also: ['/new-flow'] },
      { path: '/results', name: 'results' },
      { path: '/numbers', name: 'numbers' },
      { path: '/prompts', name: 'prompts' },
    ],
  },
  {
    heading: 'desk',
    entries: [
      { path: '/tasks', name: 'tasks' },
      { path: '/announcements', name: 'announcements' },
      { path: '/hours', name: 'hours' },
      { path: '/tables', name: 'tables' },
      { path: '/do-not-call', name: 'doNotCall' },
    ],
  },
]

const ADMINISTRATION: MenuEntry[] = [
  { path: '/admin/users', name: 'users' },
  { path: '/admin/queues', name: 'queues' },
  { path: '/admin/devices', name: 'devices' },
  { path: '/admin/tokens', name: 'tokens' },
  STATUS,
]

export function menuOf(role: Role): MenuGroup[] {
  if (role === 'agent') return AGENT
  return [...LEADER, role === 'admin' ? { heading: 'administration', entries: ADMINISTRATION } : { entries: [STATUS] }]
}

/** The entry of the page at a path: of those above it the nearest one; null for a page of no entry. */
export function entryAt(menu: MenuGroup[], path: string): MenuEntry | null {
  const places = menu.flatMap(({ entries }) => entries.flatMap((entry) => [entry.path, ...(entry.also ?? [])].map((place) => ({ place, entry }))))
  const above = places.filter(({ place }) => path === place || path.startsWith(`${place}/`))
  return above.sort((a, b) => b.place.length - a.place.length)[0]?.entry ?? null
}

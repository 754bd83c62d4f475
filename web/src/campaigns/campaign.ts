import type { Campaign, CampaignLive, CampaignOrder, CampaignState, KillSwitch, ListedCampaign } from '@/api/campaigns'
import type { Answers, AgentStatus } from '@/api/types'
import { titleOf } from '@/flows/flow-text'

export const STATES: CampaignState[] = ['draft', 'running', 'paused', 'draining', 'stopped']

/** How a state is marked. */
export const TONE: Record<CampaignState, string> = { draft: '', running: 'good', paused: 'warn', draining: 'info', stopped: 'bad' }

/** Which keys give an order. */
export const KEYS: Record<CampaignOrder, string> = { start: 'Alt+G', pause: 'Alt+P', drain: 'Alt+E', stop: 'Alt+X' }

/** Campaigns whose name, titles, flow or queue have every word of the search. */
export function matching(campaigns: Campaign[], search: string, state: CampaignState | ''): Campaign[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return campaigns.filter((one) => {
    if (state !== '' && one.state !== state) return false
    const text = [one.campaign, ...Object.values(one.title), one.flow, one.queue].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** The campaigns as they stand by what was told; without those that are gone. */
export function asListed(campaigns: Campaign[], told: ReadonlyMap<number, ListedCampaign> | null): Campaign[] {
  if (told === null) return campaigns
  return campaigns.filter(({ id }) => told.has(id)).map((one) => ({ ...one, ...told.get(one.id) }))
}

/** Whether one was told of that is new, or was changed since. */
export function isBehind(campaigns: Campaign[], told: ReadonlyMap<number, ListedCampaign>): boolean {
  const versions = new Map(campaigns.map(({ id, version }) => [id, version]))
  return [...told.values()].some(({ id, version }) => (versions.get(id) ?? 0) < version)
}

/** Which of two looks at the switch is the later one; the first when they are of the same instant. */
export const newest = (one: KillSwitch, other: KillSwitch | null): KillSwitch => (other !== null && other.changed_at > one.changed_at ? other : one)

/** The share of its contacts that a campaign is done with; 0 while it has none. */
export const shareDone = (closed: number, all: number): number => (all === 0 ? 0 : closed / all)

/** How near to the cap: 0 to 1 up to it, and how far the picture goes when it is crossed. */
export function meter(share: number | null, cap: number): { value: number; capAt: number; over: boolean } {
  const end = Math.max(cap * 1.5, share ?? 0, 0.001)
  return { value: (share ?? 0) / end, capAt: cap / end, over: share !== null && share > cap }
}

/** The share of today's calls that were abandoned, when that is more than the cap. */
export function aboveCap({ day, abandon_cap }: Pick<CampaignLive, 'day' | 'abandon_cap'>): number | null {
  return day.abandoned_share !== null && day.abandoned_share > abandon_cap ? day.abandoned_share : null
}

/** Agents by state, as the dialler sees them. */
export function agentsOf({ dialler }: CampaignLive): { state: AgentStatus; count: number }[] {
  if (dialler === null) return []
  return [
    { state: 'ready', count: dialler.agents_idle },
    { state: 'talking', count: dialler.agents_talking },
    { state: 'wrap_up', count: dialler.agents_wrapping },
    { state: 'paused', count: dialler.agents_paused },
  ]
}

/** Counts by name, the most frequent first. */
export const mostFirst = (counts: Record<string, number>): [string, number][] =>
  Object.entries(counts).sort(([one, first], [other, second]) => second - first || one.localeCompare(other))

/** A disposition of a campaign's call in the reader's language; `general` knows those of the queues. */
export function dispositionTitle({ dispositions }: Campaign, code: string, locale: string, general: (code: string) => string): string {
  const own = dispositions.find((one) => one.code === code)
  return own === undefined ? general(code) : titleOf(own.title, code, locale)
}

/** Answers to a campaign's form, by the titles of its fields, in their order. */
export function answersOf({ form }: Campaign, answers: Answers, locale: string, truth: (yes: boolean) => string): [string, string][] {
  return form
    .filter(({ name }) => answers[name] !== undefined)
    .map(({ name, title, choices }) => {
      const answer = answers[name]
      const choice = choices.find(({ code }) => code === answer)
      const said = typeof answer === 'boolean' ? truth(answer) : String(answer)
      return [titleOf(title, name, locale), choice === undefined ? said : titleOf(choice.title, choice.code, locale)]
    })
}

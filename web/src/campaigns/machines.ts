import type { Machines, TakenCall, TakenCalls, Verdict } from '@/api/machines'

/** How the picture marks what Asterisk heard. */
export const MARK: Record<string, string> = { MACHINE: 'machine', HUMAN: 'person', NOTSURE: 'unsure', HANGUP: 'gone' }

/** What a key does with the call that has the focus; undefined for a key that means nothing here. */
export function deedOf(key: string): Verdict | 'undo' | 'open' | 'down' | 'up' | undefined {
  const deeds = { p: 'person', m: 'machine', u: 'undo', enter: 'open', arrowdown: 'down', arrowup: 'up' } as const
  return deeds[key.toLowerCase() as keyof typeof deeds]
}

/** Whether a key is typed for the page and not for the browser. */
export const isPlain = (event: KeyboardEvent): boolean => !(event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing)

/** What Asterisk heard and something was heard at all. */
export const isMeasured = ({ listened }: Machines): boolean => listened > 0

/** The calls with one of them as it is now. */
export const replaced = (calls: TakenCall[], now: TakenCall): TakenCall[] => calls.map((one) => (one.id === now.id ? now : one))

export type Weighed = Pick<TakenCalls, 'weighed' | 'suspected'>

/** What is weighed and suspected after a verdict on one that is: who has been looked at is neither any more. */
export function judged(before: Weighed | null, was: Verdict | null, now: Verdict | null): Weighed | null {
  if (before === null || before.weighed === null || before.suspected === null) return before
  const more = Number(now === null) - Number(was === null)
  return { weighed: before.weighed + more, suspected: before.suspected + more }
}

/** One decimal: the figures are of seconds. */
export function secondsText(language: string, seconds: number): string {
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(seconds)
}

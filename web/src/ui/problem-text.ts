import type { Composer } from 'vue-i18n'

import type { Problem } from '@/api/problem'

/** A problem in the reader's words: the service's own, or the translation of one of the client's. */
export function problemText(t: Composer['t'], problem: Problem): string {
  const { title, detail } = problem
  const own = detail === null || detail === '' ? title : t('problem.both', { title, detail })
  const text = problem.ofClient ? t(`problem.${problem.code}`) : own
  const wait = problem.retryAfterSeconds
  return wait === null ? text : `${text} ${t('problem.retryAfter', { seconds: wait })}`
}

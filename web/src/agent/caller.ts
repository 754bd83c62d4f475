import type { Composer } from 'vue-i18n'

import type { AgentCall } from '@/api/types'

/** Who calls, in a few words: the customer, or the number, or why there is none. */
export function callerName(t: Composer['t'], call: AgentCall): string {
  return call.pop?.customer?.name ?? callerNumber(t, call)
}

export function callerNumber(t: Composer['t'], call: AgentCall): string {
  if (call.number_state === 'withheld') return t('call.withheld')
  return call.pop?.number_display ?? call.number ?? t('call.unknownCaller')
}

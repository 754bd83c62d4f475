import type { Subscription } from '@/api/types'

export type Expiry = 'expired' | 'soon' | 'later' | 'unknown'

/** Days before its end in which a subscription stands out, so that the agent can offer to renew it. */
export const SOON_DAYS = 30

export function expiryOf(subscription: Pick<Subscription, 'days_left'>): Expiry {
  const days = subscription.days_left
  if (days === null) return 'unknown'
  if (days < 0) return 'expired'
  return days <= SOON_DAYS ? 'soon' : 'later'
}

import { computed, onMounted, onUnmounted, watch, type ComputedRef, type ShallowRef } from 'vue'

import { listCampaigns, readKillSwitch, readLive, type Campaign, type CampaignLive, type KillSwitch } from '@/api/campaigns'
import type { Problem } from '@/api/problem'
import { useLive } from '@/live/store'
import { useLoaded, type Loaded } from '@/ui/loaded'

import { asListed, isBehind, newest } from './campaign'

/** How a campaign stands, as the live connection tells it; asked for once when the page opens, and after deeds of one's own. */
export function useCampaignLive(id: ComputedRef<number>): Loaded<CampaignLive> {
  const live = useLive()
  const loaded = useLoaded(async () => {
    const read = await readLive(id.value)
    // What was told meanwhile may be newer than the answer.
    const told = live.campaign
    return told !== null && told.at > read.at ? told : read
  })
  watch(
    () => live.campaign,
    (told) => told !== null && (loaded.value.value = told),
  )
  watch(id, (now) => live.watchCampaign(now))
  onMounted(() => live.watchCampaign(id.value))
  onUnmounted(() => live.watchCampaign(null))
  return loaded
}

export interface CampaignList {
  /** null until they are known. */
  campaigns: ComputedRef<Campaign[] | null>
  problem: ShallowRef<Problem | null>
  reload: () => Promise<void>
}

/** All campaigns: what they are is asked for when the page opens and when one is new or changed, how they stand is told by the live connection. */
export function useCampaignList(): CampaignList {
  const live = useLive()
  const { value: page, problem, busy, reload } = useLoaded(listCampaigns)
  /** For what was told then it has been asked already. */
  let asked: unknown = null
  watch([() => live.listed, page, busy], ([told, known]) => {
    if (told === null || known === null || busy.value || told === asked || !isBehind(known.items, told)) return
    asked = told
    void reload()
  })
  onMounted(() => live.watchCampaigns(true))
  onUnmounted(() => live.watchCampaigns(false))
  return { campaigns: computed(() => (page.value === null ? null : asListed(page.value.items, live.listed))), problem, reload }
}

/** Whether all dialling is switched off, on a page that looks at a campaign or at their list; asked for once when the page opens. */
export function useKillSwitch(): Loaded<KillSwitch> {
  const live = useLive()
  const loaded = useLoaded(async () => newest(await readKillSwitch(), live.killSwitch))
  watch(
    () => live.killSwitch,
    (told) => told !== null && (loaded.value.value = told),
  )
  return loaded
}

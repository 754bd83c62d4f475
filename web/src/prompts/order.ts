import type { Prompt, SoundState } from '@/api/prompts'

/** In the order in which they need somebody. */
export const STATES: SoundState[] = ['missing', 'outdated', 'synthetic', 'recorded']

export interface PromptFilter {
  search: string
  state: SoundState | ''
}

/** Small sounds of which numbers and dates are made; there are many of them. */
const isWord = (prompt: Prompt): boolean => /^(number|digits)\//.test(prompt.name)

const need = (prompt: Prompt): number => Math.min(...prompt.sounds.map((sound) => STATES.indexOf(sound.state)))

/** The prompts that match; first those that miss something, words of numbers after all others. */
export function ordered(prompts: Prompt[], filter: PromptFilter): Prompt[] {
  const sought = filter.search.trim().toLowerCase()
  return prompts
    .filter(
      (prompt) =>
        (filter.state === '' || prompt.sounds.some((sound) => sound.state === filter.state)) &&
        [prompt.name, ...prompt.sounds.map((sound) => sound.text)].some((text) => text.toLowerCase().includes(sought)),
    )
    .sort((one, other) => {
      const urgent = Number(need(other) < 2) - Number(need(one) < 2)
      return urgent || Number(isWord(one)) - Number(isWord(other)) || need(one) - need(other)
    })
}

export function counted(prompts: Prompt[]): Record<SoundState, number> {
  const counts: Record<SoundState, number> = { missing: 0, outdated: 0, synthetic: 0, recorded: 0 }
  for (const prompt of prompts) for (const sound of prompt.sounds) counts[sound.state] += 1
  return counts
}

import { get, post, remove, sendFile } from './http'
import type { Language } from './types'

export type SoundState = 'recorded' | 'synthetic' | 'outdated' | 'missing'

export interface Sound {
  language: Language
  text: string
  state: SoundState
  seconds: number | null
  recorded_at: string | null
  restorable: boolean
}

export interface Prompt {
  name: string
  sounds: Sound[]
}

const addressOf = (name: string, language: Language): string => `?${new URLSearchParams({ name, language }).toString()}`

export const listPrompts = (): Promise<{ items: Prompt[] }> => get('/prompts')

/** Where a sound is listened to. */
export const soundUrl = (name: string, language: Language): string => `/api/v1/prompts/sound${addressOf(name, language)}`

/** `progress` is told which share of the file, 0 to 1, the service has. */
export const sendRecording = (name: string, language: Language, file: File, progress: (share: number) => void): Promise<Sound> =>
  sendFile('PUT', `/prompts/sound${addressOf(name, language)}`, file, progress)
export const removeRecording = (name: string, language: Language): Promise<Sound> => remove(`/prompts/sound${addressOf(name, language)}`)
export const restoreRecording = (name: string, language: Language): Promise<Sound> =>
  post(`/prompts/sound/restore${addressOf(name, language)}`)

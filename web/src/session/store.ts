import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { setCsrfToken } from '@/api/http'
import { Problem } from '@/api/problem'
import { changeLanguage, closeSession, openSession, readSession, type Session, type User } from '@/api/session'
import type { Language, Role } from '@/api/types'
import { setLanguage } from '@/i18n'
import { useLive } from '@/live/store'

/** Who is signed in at this page, and in which language he reads. */
export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const loaded = ref(false)
  const role = computed<Role | null>(() => user.value?.role ?? null)

  async function accept(session: Session): Promise<void> {
    setCsrfToken(session.csrf_token)
    user.value = session.user
    await setLanguage(session.user.language)
    useLive().start(() => void confirm())
  }

  function forget(): void {
    setCsrfToken(null)
    user.value = null
    useLive().stop()
  }

  /** Asks once who we are; a service that cannot be reached is a problem of the caller. */
  async function load(): Promise<void> {
    if (loaded.value) return
    try {
      await accept(await readSession())
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error
    }
    loaded.value = true
  }

  /** The live connection was refused: forget the session when the service says that it is over. */
  async function confirm(): Promise<void> {
    try {
      setCsrfToken((await readSession()).csrf_token)
    } catch (error) {
      if (error instanceof Problem && error.status === 401) forget()
    }
  }

  async function signIn(username: string, password: string): Promise<void> {
    await accept(await openSession(username, password))
    loaded.value = true
  }

  async function signOut(): Promise<void> {
    try {
      await closeSession()
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error
    }
    forget()
  }

  /** Titles that the service translates come anew with the next snapshot. The choice is sent before the texts are loaded: the page may be left. */
  async function switchLanguage(language: Language): Promise<void> {
    const saved = user.value === null ? null : changeLanguage(language)
    const [changed] = await Promise.all([saved, setLanguage(language)])
    if (user.value === null || changed === null) return
    user.value = { ...user.value, ...changed }
    useLive().restart()
  }

  return { user, role, loaded, load, forget, signIn, signOut, switchLanguage }
})

/** Where a role starts its shift. */
export function startPath(role: Role): string {
  return role === 'agent' ? '/agent' : '/supervisor'
}

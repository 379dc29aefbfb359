import { shallowRef } from 'vue'
import type { NavigationGuard } from 'vue-router'
import { answered, api, type Schemas } from './client'
import { forgetUse, lastUse } from './idle'
import { ProblemError } from './problem'
import { rules } from './service'
import { stored } from '@/i18n/stored'

/**
 * Whether somebody signed in with this browser. The session itself is a cookie that no script can read;
 * where the browser remembers nothing, the server is asked.
 */
const FLAG = 'signed-in'

/** The account of the session as it was seen last; nobody sees another person's. */
export const account = shallowRef<Schemas['AccountView'] | null>(null)

export function rememberSignedIn(): void {
  account.value = null
  stored.set(FLAG, 'yes')
}

export function forgetSignedIn(): void {
  account.value = null
  stored.set(FLAG, null)
  forgetUse()
}

/** When the session ends, if nobody uses it in any tab. */
export function sessionEnds(): string | undefined {
  const used = lastUse()
  if (account.value === null || used === undefined) return undefined
  return new Date(used + rules.value.session_idle_minutes * 60_000).toISOString()
}

/** Ends the session. One that has ended by itself is what was wanted. */
export async function signOut(): Promise<void> {
  try {
    await answered(api.DELETE('/api/v1/sessions/current'))
  } catch (error) {
    if (!(error instanceof ProblemError && error.problem.code === 'not_signed_in')) throw error
  }
  forgetSignedIn()
}

/** Asks for the account of the session; `null` when it has ended. */
export async function loadAccount(): Promise<Schemas['AccountView'] | null> {
  try {
    account.value = await answered(api.GET('/api/v1/account'))
    stored.set(FLAG, 'yes')
    return account.value
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'not_signed_in') {
      forgetSignedIn()
      return null
    }
    throw error
  }
}

/** Pages for those who are signed in; the others are brought back after signing in. */
export const signedInGuard: NavigationGuard = async (to) => {
  const login = { name: 'login', query: { next: String(to.name) } }
  const known = stored.get(FLAG)
  if (known !== undefined) return known === 'yes' || login
  // The page itself says when the server cannot be asked.
  const mine = await loadAccount().catch(() => undefined)
  return mine !== null || login
}

/** Who is signed in need not sign in again. */
export const signedOutGuard: NavigationGuard = async () => {
  if (stored.get(FLAG) === null) return true
  const mine = await loadAccount().catch(() => null)
  return mine === null ? true : { name: 'account' }
}

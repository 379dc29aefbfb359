/** The sign-in to a business system that an address names. */
import { shallowRef } from 'vue'
import type { NavigationGuard } from 'vue-router'
import { dropWaiting, keepWaiting, waiting } from '@/api/authorization'
import { answered, api } from '@/api/client'
import { problemFrom, type Problem } from '@/api/problem'
import { suggestLanguage } from '@/i18n'

/** Why there is nothing to show. */
export const missing = shallowRef<Problem | null>(null)

/** Nothing that is kept can be shown any more. */
export function over(problem: Problem): void {
  if (problem.code === 'authorization_not_found') dropWaiting()
  else waiting.value = null
  missing.value = problem
}

/** Asks where the sign-in stands. */
export async function load(id: string): Promise<void> {
  const path = { id }
  try {
    keepWaiting(await answered(api.GET('/api/v1/authorizations/{id}', { params: { path } })))
    missing.value = null
  } catch (thrown) {
    over(problemFrom(thrown))
  }
}

/**
 * What somebody may want to do before he signs in: the system that sends him names
 * it in the fragment of its request, which browsers keep on the way here (RFC 9110
 * §10.2.2).
 */
const RECOVERIES = ['#recover-username', '#recover-password']
const MAINTENANCE = '#account'

/**
 * Asks before the page is shown; who comes to register, to recover what he has
 * forgotten or to maintain his information goes there at once, and only once.
 */
export const authorizeGuard: NavigationGuard = async (to) => {
  if (to.name !== 'authorize') return true
  await load(String(to.params['id']))
  const known = waiting.value
  if (known === null) return true
  if (known.ui_locale !== null) await suggestLanguage(known.ui_locale)
  if (to.hash === MAINTENANCE) return { name: 'account' }
  if (known.state === 'sign_in' && RECOVERIES.includes(to.hash)) return { name: to.hash.slice(1) }
  const create = to.query['create'] ?? (known.create ? '1' : '0')
  return known.state === 'sign_in' && create === '1' ? { name: 'register' } : true
}

/** What is asked for, apart from what was granted before; all in one where nothing was, or nothing is new. */
export function apart<T>(items: T[], fresh: T[]): { fresh: T[]; granted: T[] } {
  if (fresh.length === 0 || fresh.length === items.length) return { fresh: items, granted: [] }
  return { fresh, granted: items.filter((item) => !fresh.includes(item)) }
}

import { beforeEach, expect, it } from 'vitest'
import type { NavigationGuard, RouteLocationNormalized } from 'vue-router'
import { stored } from '@/i18n/stored'
import { refusal, serve } from '@/test/server'
import { withoutStorage } from '@/test/storage'
import { forgetSignedIn, rememberSignedIn, signedInGuard, signedOutGuard, signOut } from './session'

const go = async (guard: NavigationGuard, name: string): Promise<unknown> =>
  guard.call(undefined, { name } as RouteLocationNormalized, undefined as never, () => 0)
const login = { name: 'login', query: { next: 'account' } }
const mine = { 'GET /account': { body: { username: 'person' } } }
const nobody = { 'GET /account': refusal(401, 'not_signed_in') }

beforeEach(forgetSignedIn)

it('asks nobody where the browser remembers', async () => {
  const { calls } = serve({})
  expect(await go(signedOutGuard, 'login')).toBe(true)
  expect(await go(signedInGuard, 'account')).toEqual(login)
  rememberSignedIn()
  expect(await go(signedInGuard, 'account')).toBe(true)
  expect(calls).toEqual([])
})

it('lets people sign in where the browser keeps nothing', async () => {
  withoutStorage()
  serve(nobody)
  rememberSignedIn()
  expect(await go(signedInGuard, 'account')).toBe(true)
})

/** A page that has just been loaded: nothing was said, and nothing can be looked up. */
function fresh(): void {
  withoutStorage()
  expect(stored.get('signed-in')).toBeUndefined()
}

it('finds the session again after a reload', async () => {
  fresh()
  const { calls } = serve(mine)
  expect(await go(signedInGuard, 'account')).toBe(true)
  expect(await go(signedInGuard, 'account-change')).toBe(true)
  expect(calls).toHaveLength(1)
})

it('asks once whether there is a session', async () => {
  forgetSignedIn()
  fresh()
  const { calls } = serve(nobody)
  expect(await go(signedOutGuard, 'login')).toBe(true)
  expect(await go(signedOutGuard, 'login')).toBe(true)
  expect(await go(signedInGuard, 'account')).toEqual(login)
  expect(calls).toHaveLength(1)
})

it('shows the page, which says why, when the server cannot be asked', async () => {
  fresh()
  serve({ 'GET /account': refusal(503, 'overloaded') })
  expect(await go(signedInGuard, 'account')).toBe(true)
})

it('takes a session that has ended for signed out, and nothing else', async () => {
  rememberSignedIn()
  serve({ 'DELETE /sessions/current': refusal(503, 'overloaded') })
  await expect(signOut()).rejects.toThrow('overloaded')
  expect(stored.get('signed-in')).toBe('yes')
  serve({ 'DELETE /sessions/current': refusal(401, 'not_signed_in') })
  await signOut()
  expect(stored.get('signed-in')).toBeNull()
})

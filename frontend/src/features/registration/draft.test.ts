import { beforeEach, expect, it } from 'vitest'
import type { RouteLocationNormalized } from 'vue-router'
import { stored } from '@/i18n/stored'
import { registration } from '@/test/registration'
import { refusal, serve } from '@/test/server'
import { withoutStorage } from '@/test/storage'
import { draft, draftGuard, drop, keep } from './draft'

beforeEach(drop)

const go = async (name: string): Promise<unknown> =>
  draftGuard.call(undefined, { name } as RouteLocationNormalized, undefined as never, () => 0)
const CURRENT = 'GET /registrations/current'
const gone = { [CURRENT]: refusal(404, 'flow_not_found') }

/** The page is loaded anew. */
function reload(answers: Parameters<typeof serve>[0]) {
  draft.value = null
  return serve(answers)
}

it('finds its place again after a reload', async () => {
  keep(registration({ stage: 'bank', user_type: 'person' }))
  reload({ [CURRENT]: { body: registration({ stage: 'bank', user_type: 'person' }) } })
  expect(await go('register-code')).toEqual({ name: 'register-bank' })
  reload(gone)
  expect(await go('register-bank')).toEqual({ name: 'register-expired' })
})

it('shows 注册成功 again after a reload, as long as the server knows it', async () => {
  const done = registration({ stage: 'completed' })
  keep(done)
  reload({ [CURRENT]: { body: done } })
  expect(await go('register-done')).toBe(true)
  expect(await go('register-bank')).toEqual({ name: 'register-done' })
  expect(await go('register')).toBe(true)
  reload(gone)
  expect(await go('register-done')).toEqual({ name: 'login' })
  expect(stored.get('registration')).toBeNull()
})

it('asks the server where the browser remembers nothing', async () => {
  withoutStorage()
  reload({ [CURRENT]: { body: registration({ stage: 'identity' }) } })
  expect(await go('register-identity')).toBe(true)
})

const nothing = { name: 'register-expired', query: { open: 'none' } }

it('says that nothing is open to whoever comes with an old address', async () => {
  const { calls } = reload(gone)
  expect(await go('register-bank')).toEqual(nothing)
  expect(await go('register')).toBe(true)
  expect(calls).toHaveLength(0)
})

it('takes a lost connection for no proof that nothing is open', async () => {
  stored.set('registration', 'open')
  reload({ [CURRENT]: refusal(503, 'overloaded') })
  expect(await go('register-bank')).toEqual({ name: 'register' })
})

it('tells nobody of an end where there may have been no beginning', async () => {
  withoutStorage()
  const { calls } = reload(gone)
  expect(await go('register-bank')).toEqual(nothing)
  expect(await go('register')).toBe(true)
  expect(calls).toHaveLength(1)
})

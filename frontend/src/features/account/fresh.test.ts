import { afterEach, expect, it, vi } from 'vitest'
import type { Schemas } from '@/api/client'
import { ProblemError, problemOf } from '@/api/problem'
import { account } from '@/api/session'
import { useFresh } from './fresh'

const freshUntil = (time: string | null) => {
  account.value = { password_fresh_until: time } as Schemas['AccountView']
}
const later = () => new Date(Date.now() + 60_000).toISOString()
const refused = (code: string) => new ProblemError(problemOf({ code }, 403))
afterEach(() => {
  account.value = null
})

it('works at once while the password is fresh', async () => {
  freshUntil(later())
  const { asking, guarded } = useFresh()
  const work = vi.fn(() => Promise.resolve())
  expect(await guarded(vi.fn(), work)).toBe(true)
  expect(work).toHaveBeenCalledOnce()
  expect(asking.value).toBe(false)
})

it('asks first when it is not, then goes on with the same action', async () => {
  freshUntil('2020-01-01T00:00:00Z')
  const { asking, guarded, entered } = useFresh()
  const work = vi.fn(() => Promise.resolve())
  const action = vi.fn()
  expect(await guarded(action, work)).toBe(false)
  expect(work).not.toHaveBeenCalled()
  expect(asking.value).toBe(true)
  entered()
  expect(action).toHaveBeenCalledOnce()
  expect(asking.value).toBe(false)
})

it('asks when the server finds that it is not, and passes other refusals on', async () => {
  freshUntil(later())
  const { asking, guarded } = useFresh()
  const needed = () => Promise.reject(refused('password_needed'))
  expect(await guarded(vi.fn(), needed)).toBe(false)
  expect(asking.value).toBe(true)
  const other = guarded(vi.fn(), () => Promise.reject(refused('changes_held')))
  await expect(other).rejects.toBeInstanceOf(ProblemError)
})

it('does nothing when the person would rather not', async () => {
  freshUntil(null)
  const { asking, guarded, back } = useFresh()
  const action = vi.fn()
  await guarded(action, () => Promise.resolve())
  back()
  expect(asking.value).toBe(false)
  expect(action).not.toHaveBeenCalled()
})

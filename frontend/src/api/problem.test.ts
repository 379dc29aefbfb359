import { expect, it } from 'vitest'
import { actionKey, answered } from './client'
import { ProblemError, problemOf } from './problem'

it('reads the problem of an answer', () => {
  expect(problemOf({ code: 'bank_mismatch', status: 422 }, 422).code).toBe('bank_mismatch')
})

it('has words for answers of a proxy, which hold no problem', () => {
  expect(problemOf('<html>', 502).code).toBe('overloaded')
  expect(problemOf(undefined, 429).code).toBe('too_many_requests')
  expect(problemOf(null, 500).code).toBe('internal')
})

it('says that it is offline when nothing comes back', async () => {
  const nothing = answered(Promise.reject(new TypeError('Failed to fetch')))
  await expect(nothing).rejects.toSatisfy(
    (error) => error instanceof ProblemError && error.problem.code === 'offline',
  )
})

it('keeps its key while the same request is repeated', () => {
  const key = actionKey()
  const first = key({ phone: '1' })
  expect(key({ phone: '1' })).toEqual(first)
  expect(key({ phone: '2' })).not.toEqual(first)
  expect(first['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/)
})

import { expect, it } from 'vitest'
import { answered, repeatable } from './client'
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

it('keeps its key until an answer settles the action', async () => {
  const once = repeatable()
  const keys: string[] = []
  const send = (body: unknown, status: number) =>
    once(body, (header) => {
      keys.push(header['Idempotency-Key'])
      if (status === 0) return Promise.reject(new TypeError('Failed to fetch'))
      return Promise.resolve({
        data: {},
        error: { code: status === 503 ? 'overloaded' : 'bank_mismatch', status },
        response: new Response(null, { status }),
      })
    }).catch(() => undefined)
  for (const status of [0, 503, 422, 200, 0]) await send({ phone: '1' }, status)
  await send({ phone: '2' }, 0)
  const [lost, busy, refused, accepted, again, other] = keys
  expect(busy).toBe(lost)
  expect(refused).toBe(busy)
  expect(new Set([refused, accepted, again, other]).size).toBe(4)
  expect(lost).toMatch(/^[0-9a-f]{32}$/)
})

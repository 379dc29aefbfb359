import { expect, it, vi } from 'vitest'
import { answered, api, repeatable } from './client'
import { forgetUse, lastUse } from './idle'

/** Answers once, and gives the request. */
function answer(status: number, body: string): { sent: () => Request } {
  const fetch = vi.spyOn(window, 'fetch').mockResolvedValue(new Response(body || null, { status }))
  return { sent: () => fetch.mock.calls[0]?.[0] as Request }
}
const id = '018f0000-0000-7000-8000-000000000000'

it('fills paths, queries, headers and bodies', async () => {
  const { sent } = answer(200, '{"stage":"code"}')
  const got = await repeatable()({}, (header) =>
    api.POST('/api/v1/recoveries/{id}/code', { params: { path: { id }, header }, body: {} }),
  )
  expect(got.stage).toBe('code')
  expect(sent().method).toBe('POST')
  expect(new URL(sent().url).pathname).toBe(`/api/v1/recoveries/${id}/code`)
  expect(sent().headers.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/)
  expect(sent().headers.get('Accept-Language')).toBe('zh-CN')
  expect(await sent().text()).toBe('{}')
})

it('asks without a body', async () => {
  const { sent } = answer(200, '{"items":[],"next_cursor":null}')
  const query = { limit: 20, cursor: 'a b' }
  await answered(api.GET('/api/v1/account/history', { params: { query } }))
  expect(new URL(sent().url).search).toBe('?limit=20&cursor=a+b')
  expect(await sent().text()).toBe('')
})

it('takes an empty answer, and a refusal in any form', async () => {
  answer(204, '')
  expect(await answered(api.DELETE('/api/v1/account/change'))).toBeUndefined()
  answer(409, '{"code":"changes_held","status":409}')
  await expect(answered(api.DELETE('/api/v1/account/change'))).rejects.toThrow('changes_held')
  answer(502, '<html>')
  await expect(answered(api.DELETE('/api/v1/account/change'))).rejects.toThrow('overloaded')
})

it('notes what keeps the session, and nothing else', async () => {
  const noted = async (status: number, send: () => Promise<unknown>) => {
    forgetUse()
    answer(status, '{}')
    await send()
    return lastUse() !== undefined
  }
  expect(await noted(200, () => api.GET('/api/v1/account/history'))).toBe(true)
  expect(await noted(200, () => api.GET('/api/v1/sessions'))).toBe(true)
  expect(await noted(401, () => api.GET('/api/v1/account'))).toBe(false)
  expect(await noted(200, () => api.GET('/api/v1/banks'))).toBe(false)
})

it('takes a page of somebody in between for no answer', async () => {
  answer(200, '<html>Sign in to the network</html>')
  await expect(answered(api.GET('/api/v1/account'))).rejects.toThrow('offline')
})

import { beforeEach, expect, it } from 'vitest'
import type { RouteLocationNormalized } from 'vue-router'
import { ProblemError, problemOf } from '@/api/problem'
import { stored } from '@/i18n/stored'
import { refusal, serve } from '@/test/server'
import { withoutStorage } from '@/test/storage'
import { sample } from '@/test/recovery'
import { advance, drop, goesOn, keep, openPages, recovery, recoveryGuard } from './recovery'

beforeEach(drop)

const go = async (name: string): Promise<unknown> =>
  recoveryGuard.call(undefined, { name } as RouteLocationNormalized, undefined as never, () => 0)

it('goes on where the server says', () => {
  expect(goesOn(sample({ goal: 'username', stage: 'code' }))).toBe('recover-username-code')
  expect(goesOn(sample({ goal: 'username', stage: 'done' }))).toBe('recover-username-done')
  for (const stage of ['method', 'identity', 'code', 'questions', 'reset', 'done'] as const) {
    expect(goesOn(sample({ stage }))).toBe(`recover-password-${stage}`)
  }
})

it('lets people go back to what may be changed, and to nothing that is used up', () => {
  const back = ['recover-password-identity', 'recover-password-method']
  expect(openPages(sample({ stage: 'code' }))).toEqual(expect.arrayContaining(back))
  expect(openPages(sample({ stage: 'reset' }))).toEqual(['recover-password-reset'])
  const second = sample({ stage: 'questions', method: 'document_and_sms' })
  expect(openPages(second)).toEqual(['recover-password-questions'])
})

it('replaces a phone where a code is due, and once', () => {
  const replacement = { stage: 'code', code: null, remaining: { bank_checks: 4, sms: 4 } } as const
  const pages = (done: boolean) =>
    openPages(sample({ stage: 'code', phone_replacement: { ...replacement, done } }))
  expect(openPages(sample({ stage: 'identity' }))).toContain('recover-phone')
  expect(openPages(sample({ stage: 'identity' }))).not.toContain('recover-phone-code')
  expect(openPages(sample({ stage: 'reset' }))).not.toContain('recover-phone')
  expect(pages(false)).toContain('recover-phone-code')
  expect(pages(true)).not.toContain('recover-phone')
})

it('sends everybody else to the beginning', async () => {
  serve({})
  expect(await go('recover-username-code')).toEqual({ name: 'recover-username' })
  expect(await go('recover-password-reset')).toEqual({ name: 'recover-password' })
  expect(await go('recover-phone')).toEqual({ name: 'help', hash: '#phone-disabled' })
  expect(await go('recover-password')).toBe(true)
})

it('skips no step, and finds its place again after a reload', async () => {
  serve({ 'GET /recoveries/current': { body: sample({ stage: 'identity' }) } })
  stored.set('recovery', 'open')
  expect(await go('recover-password-reset')).toEqual({ name: 'recover-password-identity' })
  expect(await go('recover-password-method')).toBe(true)
})

it('says that it has expired, unless it was done', async () => {
  serve({ 'GET /recoveries/current': refusal(404, 'flow_not_found') })
  stored.set('recovery', 'open')
  expect(await go('recover-password-code')).toEqual({ name: 'recover-expired' })
  stored.set('recovery', 'done')
  expect(await go('recover-username-done')).toEqual({ name: 'login' })
  expect(stored.get('recovery')).toBeNull()
})

it('shows what was done again after a reload', async () => {
  stored.set('recovery', 'done')
  serve({ 'GET /recoveries/current': { body: sample({ goal: 'username', stage: 'done' }) } })
  expect(await go('recover-username-done')).toBe(true)
  drop()
  stored.set('recovery', 'done')
  serve({ 'GET /recoveries/current': { body: sample({ stage: 'done' }) } })
  expect(await go('recover-password-done')).toBe(true)
})

it('asks the server where the browser remembers nothing', async () => {
  withoutStorage()
  serve({ 'GET /recoveries/current': { body: sample({ stage: 'reset' }) } })
  expect(await go('recover-password-reset')).toBe(true)
})

it('tells nobody of an end where there may have been no beginning', async () => {
  withoutStorage()
  const { calls } = serve({ 'GET /recoveries/current': refusal(404, 'flow_not_found') })
  expect(await go('recover-password-code')).toEqual({ name: 'recover-password' })
  expect(await go('recover-password')).toBe(true)
  expect(calls).toHaveLength(1)
})

it('learns from a refusal what is left', async () => {
  keep(sample({ stage: 'code' }))
  serve({ 'GET /recoveries/current': { body: sample({ stage: 'code', remaining: { sms: 1 } }) } })
  const refused = new ProblemError(problemOf({ code: 'recovery_code_wrong', status: 422 }, 422))
  await expect(advance(() => Promise.reject(refused))).rejects.toBe(refused)
  expect(recovery.value?.remaining.sms).toBe(1)
})

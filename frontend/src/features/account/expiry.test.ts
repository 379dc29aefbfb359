import { render, screen } from '@testing-library/vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { Schemas } from '@/api/client'
import { service } from '@/api/service'
import { rememberSignedIn } from '@/api/session'
import { i18n, loadMessages } from '@/i18n'
import { stored } from '@/i18n/stored'
import { refusal, serve } from '@/test/server'
import AccountFrame from './AccountFrame.vue'

const Nothing = { render: () => null }
const mine = { body: { username: 'wangxiaoming', closes_at: null } }
const warning = () => screen.queryByText('由于长时间没有操作，登录即将过期。')
const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000)

beforeEach(async () => {
  await loadMessages('core', 'account')
  vi.useFakeTimers()
  rememberSignedIn()
})
afterEach(() => {
  vi.useRealTimers()
  service.value = null
})

/** A page of the account, just opened. */
async function open(): Promise<Router> {
  const names = ['', '-password', '-questions', '-history', '-systems', '-checks', '-export']
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [...names.map((name) => `account${name}`), 'account-closure', 'login'].map((name) => ({
      name,
      path: `/${name}`,
      component: Nothing,
    })),
  })
  await router.push('/account-password')
  render(AccountFrame, { props: { title: '密码管理' }, global: { plugins: [i18n, router] } })
  await minutes(0)
  return router
}

it('warns before the session ends, and a press keeps it', async () => {
  const { calls } = serve({ 'GET /account': mine })
  await open()
  await minutes(24)
  expect(warning()).toBeNull()
  await minutes(2)
  expect(warning()).not.toBeNull()
  screen.getByText(/还剩约 4 分钟/)
  expect(calls).toHaveLength(1)
  const button = screen.getByRole('button', { name: '保持登录' })
  button.focus()
  button.click()
  await minutes(0)
  expect(calls).toHaveLength(2)
  expect(warning()).toBeNull()
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }))
  await minutes(24)
  expect(warning()).toBeNull()
})

it('does not warn while another tab is used, and asks nobody about it', async () => {
  const { calls } = serve({ 'GET /account': mine })
  await open()
  await minutes(26)
  expect(warning()).not.toBeNull()
  // What every request of the other tab does.
  stored.set('session-used', String(Date.now()))
  await minutes(0.1)
  expect(warning()).toBeNull()
  await minutes(24)
  expect(warning()).toBeNull()
  // To ask would keep the session for ever.
  expect(calls).toHaveLength(1)
})

it('leaves a session that has ended alone, and says so', async () => {
  const answers = { 'GET /account': mine as ReturnType<typeof refusal> | typeof mine }
  const { calls } = serve(answers)
  const router = await open()
  await minutes(29.9)
  expect(calls).toHaveLength(1)
  answers['GET /account'] = refusal(401, 'not_signed_in')
  await minutes(0.2)
  expect(calls).toHaveLength(2)
  expect(router.currentRoute.value.name).toBe('login')
  expect(router.currentRoute.value.query).toEqual({ ended: '1', next: 'account-password' })
})

it('goes by the time that the operator has set', async () => {
  service.value = { account: { session_idle_minutes: 8 } } as unknown as Schemas['ServiceInfo']
  serve({ 'GET /account': mine })
  await open()
  await minutes(3.9)
  expect(warning()).toBeNull()
  await minutes(0.2)
  expect(warning()).not.toBeNull()
})

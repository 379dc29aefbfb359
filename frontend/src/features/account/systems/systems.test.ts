import userEvent from '@testing-library/user-event'
import { render, screen, waitFor } from '@testing-library/vue'
import axe from 'axe-core'
import { beforeEach, expect, it } from 'vitest'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, loadMessages } from '@/i18n'
import { system } from '@/test/authorization'
import { serve } from '@/test/server'
import ChecksPage from './ChecksPage.vue'
import SystemsPage from './SystemsPage.vue'

const Nothing = { render: () => null }
const account = { status: 200, body: { username: 'wangxiaoming', closes_at: null } }
beforeEach(() => loadMessages('core', 'proof', 'account', 'items', 'systems'))

async function show(page: Component) {
  const names = ['', '-password', '-questions', '-history', '-systems', '-checks', '-export']
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [...names.map((name) => `account${name}`), 'account-closure', 'help', 'help-write'].map(
      (name) => ({ name, path: `/${name}`, component: Nothing }),
    ),
  })
  await router.push('/account')
  const { container } = render(page, { global: { plugins: [i18n, router] } })
  return { container, user: userEvent.setup() }
}
const faults = async (container: Element) =>
  (await axe.run(container)).violations.map(({ id }) => id)

it('withdraws what a system was allowed, after asking twice', async () => {
  const request = `DELETE /account/authorized-systems/${system.id}`
  const { calls } = serve({
    'GET /account': account,
    'GET /account/authorized-systems': {
      body: {
        items: [
          {
            client: system,
            items: ['name', 'phone'],
            given_at: '2026-11-20T02:00:00Z',
            updated_at: '2026-11-20T02:00:00Z',
            last_used_at: null,
          },
        ],
      },
    },
    [request]: { status: 200 },
  })
  const { container, user } = await show(SystemsPage)
  await screen.findByRole('heading', { name: '考生服务系统' })
  screen.getByText('手机号码')
  await user.click(screen.getByRole('button', { name: /^撤回授权/ }))
  screen.getByText('确定撤回对「考生服务系统」的授权吗？')
  expect(await faults(container)).toEqual([])
  expect(calls.some((call) => call.request === request)).toBe(false)
  await user.click(screen.getByRole('button', { name: '确定撤回' }))
  await screen.findByText(/已撤回对「考生服务系统」的授权/)
  expect(calls.some((call) => call.request === request)).toBe(true)
  screen.getByText(/还没有授权任何业务系统/)
})

it('tells who asked, and fetches what was before', async () => {
  const check = (id: string, matched: boolean) => ({
    id,
    checked_at: '2026-11-20T02:00:00Z',
    client: system,
    purpose: `职称申报 ${id}`,
    matched,
  })
  const answers = {
    'GET /account': account,
    'GET /account/identity-checks': {
      body: { items: [check('1', true)], next_cursor: 'n' as string | null },
    },
  }
  serve(answers)
  const { container, user } = await show(ChecksPage)
  await screen.findByText('用途：职称申报 1')
  screen.getByText('一致')
  answers['GET /account/identity-checks'] = {
    body: { items: [check('2', false)], next_cursor: null },
  }
  await user.click(screen.getByRole('button', { name: '加载更多' }))
  await screen.findByText('用途：职称申报 2')
  screen.getByText('不一致')
  await waitFor(() => expect(screen.queryByRole('button', { name: '加载更多' })).toBeNull())
  expect(await faults(container)).toEqual([])
})

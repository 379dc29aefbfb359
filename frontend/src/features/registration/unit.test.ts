import userEvent from '@testing-library/user-event'
import { render, screen } from '@testing-library/vue'
import axe from 'axe-core'
import { beforeEach, expect, it } from 'vitest'
import { createMemoryHistory, createRouter, type RouteLocationNormalized } from 'vue-router'
import { i18n } from '@/i18n'
import { registration } from '@/test/registration'
import { refusal, serve } from '@/test/server'
import UnitPage from './UnitPage.vue'
import { draft, draftGuard, drop, keep, wipe } from './draft'

const path = `/registrations/${registration({}).id}/unit`

beforeEach(() => {
  drop()
  wipe()
})

const go = async (name: string): Promise<unknown> =>
  draftGuard.call(undefined, { name } as RouteLocationNormalized, undefined as never, () => 0)

async function show() {
  const Nothing = { render: () => null }
  const names = ['help', 'recover-username', 'recover-password', 'register-identity', 'register']
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: Nothing },
      ...names.map((name) => ({ name, path: `/${name}`, component: Nothing })),
    ],
  })
  await router.push('/')
  const { container } = render(UnitPage, { global: { plugins: [i18n, router] } })
  return { router, container, user: userEvent.setup() }
}

it('is a step of units only', async () => {
  keep(registration({ stage: 'unit' }))
  expect(await go('register-identity')).toEqual({ name: 'register-unit' })
  expect(await go('register-unit')).toBe(true)
  keep(registration({ stage: 'bank', user_type: 'person' }))
  expect(await go('register-unit')).toEqual({ name: 'register-bank' })
})

it('tells what is wrong with a code, and goes on to the agent', async () => {
  keep(registration({}))
  const { calls } = serve({ [`PUT ${path}`]: { body: registration({ stage: 'identity' }) } })
  const { container, router, user } = await show()
  await user.type(screen.getByLabelText('单位名称'), '测试单位')
  await user.type(screen.getByLabelText('法定代表人'), '王小明')
  const code = screen.getByLabelText('统一社会信用代码')
  for (const [typed, said] of [
    ['91350100M000100Y4', '位数不足'],
    ['91350100M0O0100Y43', '没有字母 I、O、S、V、Z'],
    ['91350100M000100Y44', '校验位不符'],
  ] as const) {
    await user.clear(code)
    await user.type(code, typed)
    await user.click(screen.getByRole('button', { name: '下一步' }))
    expect(screen.getByRole('alert').textContent).toContain(said)
  }
  expect(await axe.run(container).then(({ violations }) => violations)).toEqual([])
  expect(calls).toEqual([])
  await user.clear(code)
  await user.type(code, '91350100M000100Y43')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  await expect.poll(() => router.currentRoute.value.name).toBe('register-identity')
  expect(draft.value?.stage).toBe('identity')
})

it('keeps what was entered before, and says when the unit has an account', async () => {
  const unit = { name: '测**', credit_code: '9135**********0Y43', legal_representative: '王**' }
  keep(registration({ stage: 'identity', unit }))
  const { calls } = serve({ [`PUT ${path}`]: refusal(409, 'credit_code_in_use') })
  const { user } = await show()
  await user.click(screen.getByRole('button', { name: '下一步' }))
  expect((await screen.findByRole('alert')).textContent).toContain('统一社会信用代码已被使用')
  expect(calls[0]?.body).toEqual({ name: null, credit_code: null, legal_representative: null })
  expect(screen.getByRole('link', { name: /忘记用户名/ })).toBeTruthy()
})

import userEvent from '@testing-library/user-event'
import { render, screen, waitFor } from '@testing-library/vue'
import axe from 'axe-core'
import { beforeEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { dropWaiting, waiting } from '@/api/authorization'
import { service } from '@/api/service'
import { i18n, loadMessages } from '@/i18n'
import { authorization } from '@/test/authorization'
import { refusal, serve } from '@/test/server'
import AuthorizePage from './AuthorizePage.vue'
import ErrorPage from './ErrorPage.vue'
import { apart, authorizeGuard, missing } from './authorization'

const { id } = authorization({})
const GET = `GET /authorizations/${id}`
const DECISION = `POST /authorizations/${id}/decision`
const back = { body: { redirect_to: 'https://exams.example/cb?code=c&state=s' } }
const captcha = {
  status: 201,
  body: { id: 'c1', image_url: '/i', audio_url: '/a', expires_at: new Date(Date.now() + 300_000) },
}
const person = { username: 'wangxiaoming', name: '王**' }
const Nothing = { render: () => null }
const names = ['login', 'register', 'recover-username', 'recover-password', 'account', 'help']

beforeEach(async () => {
  dropWaiting()
  missing.value = null
  service.value = null
  await loadMessages('core', 'items', 'authorize')
})

async function visit(path: string) {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { name: 'authorize-error', path: '/authorize/error', component: ErrorPage },
      {
        name: 'authorize',
        path: '/authorize/:id',
        component: AuthorizePage,
        beforeEnter: authorizeGuard,
      },
      ...[...names, 'help-write'].map((name) => ({ name, path: `/${name}`, component: Nothing })),
    ],
  })
  const assign = vi.spyOn(window.location, 'assign').mockImplementation(() => undefined)
  await router.push(path)
  const { container } = render(
    { template: '<main><RouterView /></main>' },
    { global: { plugins: [i18n, router] } },
  )
  return { router, assign, container, user: userEvent.setup() }
}
const faults = async (container: Element) =>
  (await axe.run(container)).violations.map(({ id: rule }) => rule)

it('signs in on the way to a system, and goes on', async () => {
  const answers = {
    [GET]: { body: authorization({ login_hint: 'wangxiaoming' }) },
    [DECISION]: back,
    'POST /captchas': captcha,
    'POST /sessions': { status: 201, body: {} },
  }
  const { calls } = serve(answers)
  const { user, assign, container } = await visit(`/authorize/${id}`)
  screen.getByText('登录后将返回「考生服务系统」。')
  expect((screen.getByLabelText('用户名') as HTMLInputElement).value).toBe('wangxiaoming')
  screen.getByRole('link', { name: '立即注册' })
  expect(await faults(container)).toEqual([])
  await user.type(screen.getByLabelText('密码'), 'lychee park fog 7')
  await user.type(screen.getByLabelText('验证码'), '12345')
  answers[GET] = { body: authorization({ state: 'ready', account: person }) }
  await user.click(screen.getByRole('button', { name: '登录' }))
  await screen.findByRole('heading', { name: '正在返回「考生服务系统」…' })
  await waitFor(() => expect(assign).toHaveBeenCalledWith(back.body.redirect_to))
  expect(calls.at(-1)).toEqual({
    request: DECISION,
    body: { decision: 'allow', confirmation: 'cd'.repeat(32) },
  })
  expect(waiting.value).toBeNull()
})

it('says why a password is asked again', async () => {
  serve({
    [GET]: { body: authorization({ reason: 'password_again', account: person }) },
    'POST /captchas': captcha,
  })
  await visit(`/authorize/${id}`)
  screen.getByText(/要求再次输入密码/)
  expect((screen.getByLabelText('用户名') as HTMLInputElement).value).toBe('wangxiaoming')
})

it('goes on to registration at once, and back from there to the login', async () => {
  serve({ [GET]: { body: authorization({ create: true }) }, 'POST /captchas': captcha })
  const { router } = await visit(`/authorize/${id}`)
  expect(router.currentRoute.value.name).toBe('register')
  await router.push(`/authorize/${id}?create=0`)
  expect(router.currentRoute.value.name).toBe('authorize')
})

it('registers nobody who is signed in', async () => {
  serve({ [GET]: { body: authorization({ create: true, state: 'consent', account: person }) } })
  const { router } = await visit(`/authorize/${id}?create=1`)
  expect(router.currentRoute.value.name).toBe('authorize')
})

it('goes first where the system says that somebody wants to go, and nowhere else', async () => {
  serve({ [GET]: { body: authorization({}) }, 'POST /captchas': captcha })
  for (const [fragment, name] of [
    ['#recover-username', 'recover-username'],
    ['#recover-password', 'recover-password'],
    ['#account', 'account'],
    ['#help', 'authorize'],
    ['', 'authorize'],
  ] as const) {
    const { router } = await visit(`/authorize/${id}${fragment}`)
    expect(router.currentRoute.value.name, fragment).toBe(name)
    expect(waiting.value?.id).toBe(id)
  }
})

it('takes who is signed in to maintenance, and to no recovery', async () => {
  serve({ [GET]: { body: authorization({ state: 'consent', account: person }) } })
  for (const [fragment, name] of [
    ['#recover-password', 'authorize'],
    ['#account', 'account'],
  ] as const) {
    const { router } = await visit(`/authorize/${id}${fragment}`)
    expect(router.currentRoute.value.name, fragment).toBe(name)
  }
})

const consent = authorization({
  state: 'consent',
  account: person,
  items: ['username', 'name', 'document_number'],
  new_items: ['document_number'],
})

it('asks for consent, what is new apart from what was granted', async () => {
  const { calls } = serve({ [GET]: { body: consent }, [DECISION]: back })
  const { user, assign, container } = await visit(`/authorize/${id}`)
  screen.getByRole('heading', { level: 1, name: '同意「考生服务系统」使用您的以下信息吗？' })
  screen.getByText('运营单位：人事考试院')
  const lists = screen.getAllByRole('list').map((list) => list.textContent)
  expect(lists).toEqual(['证件号码（完整）', '用户名姓名'])
  expect(await faults(container)).toEqual([])
  await user.click(screen.getByRole('button', { name: '拒绝' }))
  await waitFor(() => expect(assign).toHaveBeenCalledOnce())
  expect(calls.at(-1)?.body).toEqual({ decision: 'deny' })
})

it('lets somebody else sign in', async () => {
  const answers = {
    [GET]: { body: consent },
    'DELETE /sessions/current': { status: 204 },
    'POST /captchas': captcha,
  }
  const { calls } = serve(answers)
  const { user } = await visit(`/authorize/${id}`)
  answers[GET] = { body: authorization({}) }
  await user.click(screen.getByRole('button', { name: '换一个账号登录' }))
  await screen.findByLabelText('用户名')
  expect(calls.map(({ request }) => request)).toContain('DELETE /sessions/current')
})

it('asks again where things stand when another window went on', async () => {
  const answers: Parameters<typeof serve>[0] = {
    [GET]: { body: consent },
    [DECISION]: refusal(409, 'authorization_conflict'),
    'POST /captchas': captcha,
  }
  const { calls } = serve(answers)
  const { user } = await visit(`/authorize/${id}`)
  const allow = screen.getByRole('button', { name: '同意并登录' })
  await user.click(allow)
  await screen.findByRole('alert')
  answers[GET] = { body: authorization({}) }
  await user.click(allow)
  await screen.findByLabelText('用户名')
  expect(calls.filter(({ request }) => request === DECISION)).toHaveLength(2)
})

it('goes on by itself when another window has agreed', async () => {
  const answers: Parameters<typeof serve>[0] = {
    [GET]: { body: consent },
    [DECISION]: refusal(409, 'authorization_conflict'),
  }
  const { calls } = serve(answers)
  const { user } = await visit(`/authorize/${id}`)
  answers[GET] = { body: authorization({ state: 'ready', account: person }) }
  await user.click(screen.getByRole('button', { name: '同意并登录' }))
  // The server contradicts itself: that is shown, and not tried for ever.
  await screen.findByRole('alert')
  expect(calls.filter(({ request }) => request === DECISION)).toHaveLength(2)
})

it('says that a decision was not sent, and sends it again', async () => {
  const answers: Parameters<typeof serve>[0] = {
    [GET]: { body: authorization({ state: 'ready', account: person }) },
    [DECISION]: refusal(503, 'overloaded'),
  }
  serve(answers)
  const { user, assign } = await visit(`/authorize/${id}`)
  await screen.findByRole('alert')
  answers[DECISION] = back
  await user.click(screen.getByRole('button', { name: '重试' }))
  await waitFor(() => expect(assign).toHaveBeenCalledWith(back.body.redirect_to))
})

it('decides nothing twice for who comes back with the browser', async () => {
  const answers: Parameters<typeof serve>[0] = { [GET]: { body: consent }, [DECISION]: back }
  const { calls } = serve(answers)
  const { user, assign } = await visit(`/authorize/${id}`)
  await user.click(screen.getByRole('button', { name: '同意并登录' }))
  await waitFor(() => expect(assign).toHaveBeenCalledOnce())
  answers[GET] = refusal(404, 'authorization_not_found')
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  await screen.findByRole('heading', { name: '登录请求已过期' })
  expect(calls.filter(({ request }) => request === DECISION)).toHaveLength(1)
})

it('tells a unit that was not approved what to do', async () => {
  serve({
    [GET]: {
      body: authorization({ state: 'refused', reason: 'unit_not_approved', account: person }),
    },
    [DECISION]: back,
  })
  const { user, assign, container } = await visit(`/authorize/${id}`)
  screen.getByRole('heading', { name: '单位审核通过后，才能登录「考生服务系统」' })
  expect(await faults(container)).toEqual([])
  await user.click(screen.getByRole('button', { name: '返回「考生服务系统」' }))
  await waitFor(() => expect(assign).toHaveBeenCalledOnce())
})

it('tells who is not proved enough', async () => {
  serve({
    [GET]: {
      body: authorization({ state: 'refused', reason: 'assurance_too_low', account: person }),
    },
  })
  await visit(`/authorize/${id}`)
  screen.getByRole('heading', { name: '「考生服务系统」要求更高的实名认证等级' })
  expect(screen.queryByRole('link', { name: '查看审核结果' })).toBeNull()
})

it('has a way on when the sign-in is over', async () => {
  serve({ [GET]: refusal(404, 'authorization_not_found') })
  const { container } = await visit(`/authorize/${id}`)
  screen.getByRole('heading', { name: '登录请求已过期' })
  expect(await faults(container)).toEqual([])
})

it('shows only known codes of an address', async () => {
  serve({})
  const { container, router } = await visit('/authorize/error?code=client_unknown')
  expect(container.textContent).toContain('没有登记这个系统（client_unknown）')
  for (const code of ['Call+13800138000', '__proto__', 'constructor']) {
    await router.push(`/authorize/error?code=${code}`)
    await waitFor(() => expect(container.textContent).not.toContain('原因'))
    expect(container.textContent).not.toContain(code)
  }
})

it('sets nothing apart where all is new, or nothing', () => {
  expect(apart(['a', 'b'], ['a', 'b'])).toEqual({ fresh: ['a', 'b'], granted: [] })
  expect(apart(['a', 'b'], [])).toEqual({ fresh: ['a', 'b'], granted: [] })
  expect(apart(['a', 'b'], ['b'])).toEqual({ fresh: ['b'], granted: ['a'] })
})

import userEvent from '@testing-library/user-event'
import { cleanup, render, screen } from '@testing-library/vue'
import axe from 'axe-core'
import { beforeEach, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Component } from 'vue'
import { documentTypes } from '@/api/lists'
import { service } from '@/api/service'
import { i18n, loadMessages } from '@/i18n'
import { refusal, serve } from '@/test/server'
import { sample } from '@/test/recovery'
import CodePage from './CodePage.vue'
import DonePage from './DonePage.vue'
import IdentityPage from './IdentityPage.vue'
import MethodPage from './MethodPage.vue'
import QuestionsPage from './QuestionsPage.vue'
import ResetPage from './ResetPage.vue'
import UsernamePage from './UsernamePage.vue'
import { drop, keep, wipe, type Recovery } from './recovery'

const names = [
  'help',
  'account-questions',
  'login',
  'register',
  ...['username', 'username-code', 'username-done'].map((one) => `recover-${one}`),
  ...['method', 'identity', 'code', 'questions', 'reset', 'done'].map(
    (one) => `recover-password-${one}`,
  ),
  'recover-password',
  'recover-phone',
  'recover-phone-code',
]
const Nothing = { render: () => null }
const captcha = {
  id: 'c1',
  image_url: '/image',
  audio_url: '/audio',
  expires_at: new Date(Date.now() + 300_000).toISOString(),
}
const id = sample({}).id

beforeEach(async () => {
  drop()
  wipe()
  documentTypes.value = [
    {
      code: 'RESIDENT_ID',
      name: '居民身份证',
      name_en: 'Resident identity card',
      carries_birth_and_gender: true,
      needs_issuing_country: false,
      example: '11010519491231002X',
    },
  ]
  await loadMessages('core', 'proof', 'recovery')
})

async function show(page: Component, known?: Recovery) {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: Nothing },
      ...names.map((name) => ({ name, path: `/${name}`, component: Nothing })),
    ],
  })
  if (known !== undefined) keep(known)
  await router.push('/')
  const { container } = render(page, { global: { plugins: [i18n, router] } })
  return { router, container, user: userEvent.setup() }
}
const faults = async (container: Element) =>
  (await axe.run(container)).violations.map(({ id: rule }) => rule)

it('asks a unit for its name and code, and says what is wrong with them', async () => {
  const { calls } = serve({ 'POST /captchas': { status: 201, body: captcha } })
  const { container, user } = await show(UsernamePage)
  expect(screen.getByLabelText('证件号')).toBeTruthy()
  await user.click(screen.getByLabelText('单位用户'))
  expect(screen.queryByLabelText('证件号')).toBeNull()
  await user.type(screen.getByLabelText('统一社会信用代码'), '91350100M000100Y44')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  const summary = screen.getByRole('alert')
  expect(summary.textContent).toContain('请输入单位名称')
  expect(summary.textContent).toContain('校验位不符')
  expect(await faults(container)).toEqual([])
  expect(calls.some(({ request }) => request.startsWith('POST /recoveries'))).toBe(false)
})

it('finds the username of a unit by its name and code', async () => {
  const { calls } = serve({
    'POST /captchas': { status: 201, body: captcha },
    'POST /recoveries/username': {
      status: 201,
      body: sample({ goal: 'username', stage: 'code' }),
    },
  })
  const { router, user } = await show(UsernamePage)
  await user.click(screen.getByLabelText('单位用户'))
  await user.type(screen.getByLabelText('单位名称'), '测试单位')
  await user.type(screen.getByLabelText('统一社会信用代码'), '91350100m000100y43')
  await user.type(screen.getByLabelText('验证码'), '12345')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  await expect.poll(() => router.currentRoute.value.name).toBe('recover-username-code')
  expect(calls.find(({ request }) => request === 'POST /recoveries/username')?.body).toEqual({
    user_type: 'unit',
    name: '测试单位',
    document_type: null,
    document_number: '91350100m000100y43',
    issuing_country: null,
    captcha: { id: 'c1', answer: '12345' },
  })
})

it('sends the first code, and leads to its field', async () => {
  const code = {
    requested_at: '2026-11-23T02:00:00Z',
    expires_at: '2099-11-23T02:02:00Z',
    resend_at: '2099-11-23T02:01:00Z',
    attempts_left: 5,
  }
  const waiting = sample({ goal: 'username', stage: 'code' })
  serve({ [`POST /recoveries/${id}/code`]: { body: { ...waiting, code } } })
  const { container, user } = await show(CodePage, waiting)
  await user.click(screen.getByRole('button', { name: '发送短信验证' }))
  await expect.poll(() => document.activeElement?.id).toBe('code')
  expect(screen.getByText(/如果填写的信息与注册时一致/)).toBeTruthy()
  expect(screen.getByRole('button', { name: '重新发送短信验证' })).toHaveProperty('disabled', true)
  expect(await faults(container)).toEqual([])
})

it('says after a reload that a code is on its way', async () => {
  const code = {
    requested_at: '2026-11-23T02:00:00Z',
    expires_at: '2099-11-23T02:02:00Z',
    resend_at: '2099-11-23T02:01:00Z',
    attempts_left: 5,
  }
  serve({})
  const { router, user } = await show(IdentityPage, sample({ stage: 'code', code }))
  await user.click(screen.getByRole('link', { name: '输入验证码' }))
  expect(router.currentRoute.value.name).toBe('recover-password-code')
})

it('asks for a code where none is on its way', async () => {
  serve({})
  await show(IdentityPage, sample({ stage: 'identity' }))
  expect(screen.queryByRole('link', { name: '输入验证码' })).toBeNull()
})

it('says the words of the guide when a code is wrong', async () => {
  const waiting = sample({ stage: 'code' })
  serve({
    'GET /recoveries/current': { body: waiting },
    [`POST /recoveries/${id}/confirmation`]: refusal(422, 'recovery_code_wrong', {
      attempts_left: 4,
    }),
  })
  const { user } = await show(CodePage, waiting)
  await user.type(screen.getByLabelText('动态验证'), '１２３４５６')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  const words = '动态验证不正确，或证件、手机号码与注册时预留的不一致，请重新输入'
  const notice = await screen.findByRole('alert')
  expect(notice.querySelector('a[href="#code"]')?.textContent).toContain(words)
  expect(notice.textContent).toContain('还可以再试 4 次')
  const field = screen.getByLabelText('动态验证')
  expect(field.getAttribute('aria-invalid')).toBe('true')
  expect(document.getElementById('code-error')?.textContent).toContain(words)
  expect(field).toHaveProperty('value', '１２３４５６')
  expect(screen.getAllByRole('link', { name: '返回检查填写的信息' }).length).toBeGreaterThan(0)
})

it('speaks of what was typed to find a username', async () => {
  serve({
    [`POST /recoveries/${id}/confirmation`]: refusal(422, 'recovery_code_wrong', {
      attempts_left: 4,
    }),
  })
  const { user } = await show(CodePage, sample({ goal: 'username', stage: 'code' }))
  await user.type(screen.getByLabelText('动态验证'), '123456')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  const notice = await screen.findByRole('alert')
  expect(notice.textContent).toContain('姓名、证件与注册时的不一致')
  expect(notice.textContent).not.toContain('手机号码')
})

it('says after a reset by phone that the security questions went', async () => {
  serve({})
  const mode = 'guide' as const
  service.value = { security_questions: { mode, wrong_sets: 5 } } as typeof service.value
  await show(DonePage, sample({ stage: 'done', method: 'document_and_sms' }))
  expect(screen.getByRole('link', { name: '登录并重新设置密保问题' })).toBeTruthy()
  cleanup()
  await show(DonePage, sample({ stage: 'done', method: 'security_questions' }))
  expect(screen.queryByRole('link', { name: '登录并重新设置密保问题' })).toBeNull()
  service.value = null
})

it.each([
  ['code_expired', '已过期，请重新发送'],
  ['code_dead', '已失效'],
])('says %s beside the field', async (refused, said) => {
  const waiting = sample({ stage: 'code' })
  serve({
    'GET /recoveries/current': { body: waiting },
    [`POST /recoveries/${id}/confirmation`]: refusal(422, refused),
  })
  const { user } = await show(CodePage, waiting)
  await user.type(screen.getByLabelText('动态验证'), '123456')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  await screen.findByRole('alert')
  expect(document.getElementById('code-error')?.textContent).toContain(said)
})

it('puts wrong answers at all three fields, and says so once', async () => {
  const questions = ['一', '二', '三'].map((text) => ({ id: text, text, text_en: text }))
  const asked = sample({ stage: 'questions', method: 'security_questions', questions })
  serve({
    'GET /recoveries/current': { body: asked },
    [`POST /recoveries/${id}/answers`]: refusal(422, 'answers_wrong', { attempts_left: 3 }),
  })
  const { container, user } = await show(QuestionsPage, asked)
  for (const { text } of questions) await user.type(screen.getByLabelText(text), '答')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  const notice = await screen.findByRole('alert')
  expect(notice.querySelectorAll('li')).toHaveLength(1)
  expect(notice.textContent).toContain('还可以再试 3 次')
  for (const { text } of questions) {
    expect(screen.getByLabelText(text).getAttribute('aria-invalid')).toBe('true')
  }
  expect(await faults(container)).toEqual([])
})

it('offers the other way where no questions are set', async () => {
  serve({
    'GET /recoveries/current': { body: sample({}) },
    [`PUT /recoveries/${id}/method`]: refusal(409, 'security_questions_not_set'),
  })
  const { container, router, user } = await show(MethodPage, sample({}))
  await user.click(screen.getByLabelText('密保问题'))
  await user.click(screen.getByRole('button', { name: '下一步' }))
  const notice = await screen.findByRole('alert')
  expect(notice.textContent).toContain('未设置密保，不能通过密保问题找回密码')
  expect(await faults(container)).toEqual([])
  serve({ [`PUT /recoveries/${id}/method`]: { body: sample({ stage: 'identity' }) } })
  await user.click(screen.getByRole('button', { name: '用“证件号码+手机验证码”找回' }))
  await expect.poll(() => router.currentRoute.value.name).toBe('recover-password-identity')
})

it('asks the three questions in their order', async () => {
  const questions = ['一', '二', '三'].map((text) => ({ id: text, text, text_en: text }))
  const asked = sample({ stage: 'questions', method: 'security_questions', questions })
  const { calls } = serve({
    [`POST /recoveries/${id}/answers`]: { body: sample({ stage: 'reset' }) },
  })
  const { container, router, user } = await show(QuestionsPage, asked)
  await user.click(screen.getByRole('button', { name: '下一步' }))
  expect(screen.getByRole('alert').querySelectorAll('li')).toHaveLength(3)
  expect(await faults(container)).toEqual([])
  for (const { text } of questions) await user.type(screen.getByLabelText(text), `答${text}`)
  await user.click(screen.getByRole('button', { name: '下一步' }))
  await expect.poll(() => router.currentRoute.value.name).toBe('recover-password-reset')
  expect(calls[0]?.body).toEqual({ answers: ['答一', '答二', '答三'] })
})

it('shows whose password is set anew', async () => {
  serve({})
  const { container, user } = await show(ResetPage, sample({ stage: 'reset' }))
  expect(screen.getByLabelText('用户名')).toHaveProperty('value', 'wangxiaoming')
  await user.type(screen.getByLabelText('新密码'), 'lychee park morning 7')
  expect(screen.getByText('密码强度：强')).toBeTruthy()
  await user.type(screen.getByLabelText('确认新密码'), 'lychee park morning 8')
  await user.click(screen.getByRole('button', { name: '下一步' }))
  expect(screen.getByRole('alert').textContent).toContain('两次输入的密码不一致')
  expect(await faults(container)).toEqual([])
})

import { render, screen } from '@testing-library/vue'
import axe from 'axe-core'
import { beforeEach, expect, it } from 'vitest'
import type { Schemas } from '@/api/client'
import { i18n, loadMessages } from '@/i18n'
import ExportData from './ExportData.vue'
import HistoryList from '../history/HistoryList.vue'

const global = { plugins: [i18n] }
beforeEach(() => loadMessages('proof', 'account', 'records'))

type Event = Schemas['HistoryItem']

/** The server may be newer than this page. */
const item = (kind: string, detail: string | null = null): Event => ({
  id: kind,
  at: '2026-11-24T02:00:00Z',
  kind: kind as Event['kind'],
  detail,
  ip_prefix: '203.0.113.0/24',
  device: 'Chrome on Windows',
})

it('says what happened, where and with which device', () => {
  const { container } = render(HistoryList, {
    props: { items: [item('profile_changed', 'phone,card_number'), item('signed_in')] },
    global,
  })
  screen.getByText('修改用户信息：手机号码、银行账号')
  expect(container.textContent).toContain('· 网络 203.0.113.0/24 · Chrome on Windows')
})

it('says what a business system did, without its id', () => {
  const id = '018f0000-0000-7000-8000-00000000c11e'
  render(HistoryList, { props: { items: [item('grant_reused', id)] }, global })
  screen.getByText('业务系统的登录凭证被重复使用，已结束该登录')
  screen.getByText('请留意')
})

it('marks what somebody else might have done, and not what was mistyped while signed in', () => {
  const marks = (one: Event) => {
    const { container } = render(HistoryList, { props: { items: [one] }, global })
    return container.textContent.includes('请留意')
  }
  for (const kind of ['sign_in_failed', 'answers_wrong', 'password_reset', 'questions_removed']) {
    expect(marks(item(kind)), kind).toBe(true)
  }
  expect(marks(item('sign_in_failed', 'session'))).toBe(false)
  screen.getByText('再次输入密码时输错')
  expect(marks(item('signed_in', 'browser'))).toBe(false)
})

it('has words for kinds and details that it does not know', () => {
  render(HistoryList, { props: { items: [item('teleported', 'to_the_moon')] }, global })
  screen.getByText('其他操作')
})

it('shows every part of an export, known or not', async () => {
  const value = {
    account: {
      id: '018f0000-0000-7000-8000-000000000000',
      username: 'person',
      kind: 'person',
      phone: '+8613800138000',
      created_at: '2026-11-24T02:00:00Z',
      unit: null,
      closing: false,
    },
    history: [
      { at: '2026-11-24T02:00:00Z', kind: 'signed_in' },
      {
        at: '2026-11-24T02:00:00Z',
        kind: 'session_ended',
        detail: '018f0000-0000-7000-8000-000000000001',
      },
    ],
    authorized_systems: [{ client_id: 'c1', scopes: 'openid realname' }],
    identity_checks: [{ purpose: '职称申报', matched: true }],
    of_tomorrow: ['one'],
  }
  const { container } = render(ExportData, { props: { value, level: 0 }, global })
  screen.getByRole('heading', { name: '账号' })
  screen.getByRole('heading', { name: 'of_tomorrow' })
  // A code is put into words; what the person chose stays.
  screen.getByText('个人用户')
  screen.getByText('person')
  screen.getByText('登录')
  screen.getByRole('heading', { name: '已授权的系统' })
  screen.getByText('认出您的账号、姓名、证件和实名认证')
  screen.getByText('职称申报')
  expect(container.textContent).not.toContain('2026-11-24T')
  // A program's own names are in the file that can be downloaded.
  expect(container.textContent).not.toContain('018f0000')
  expect(container.textContent).not.toContain('+86')
  screen.getByText('13800138000')
  screen.getByText('注册时间')
  expect(screen.queryByText('无')).toBeNull()
  const { violations } = await axe.run(container)
  expect(violations.map(({ id }) => id)).toEqual([])
})

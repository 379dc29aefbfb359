import userEvent from '@testing-library/user-event'
import { render, screen } from '@testing-library/vue'
import { defineComponent, h, ref } from 'vue'
import { beforeEach, expect, it, vi } from 'vitest'
import { ProblemError, problemOf } from '@/api/problem'
import { i18n } from '@/i18n'
import CodePanel from './CodePanel.vue'
import { useCode, type Code, type Sent } from './useCode'

const message: Sent = { expires_at: '2099-11-23T02:02:00Z', resend_at: '2020-11-23T02:01:00Z' }
const sent = ref<Sent | null>(null)
const confirm = vi.fn<(code: string) => Promise<unknown>>()
const send = vi.fn<() => Promise<unknown>>()
const refused = (code: string) => new ProblemError(problemOf({ code, status: 422 }, 422))

beforeEach(() => {
  sent.value = message
  confirm.mockReset().mockResolvedValue(undefined)
  send.mockReset().mockResolvedValue(undefined)
})

function show(): Code {
  let code: Code | undefined
  const Host = defineComponent(() => {
    code = useCode({ words: ['proof'], sent: () => sent.value, confirm, send })
    const { problem } = code
    return () =>
      h(
        CodePanel,
        { code: code as Code, text: 'sent to 8000' },
        {
          problem: () => problem.value?.code,
          notice: () => 'nothing was resent',
          nothing: () => h('li', 'another way'),
        },
      )
  })
  render(Host, { global: { plugins: [i18n] } })
  if (code === undefined) throw new Error('not mounted')
  return code
}
const field = () => screen.getByLabelText('动态验证')
const type = (code: string) => userEvent.type(field(), code)
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }))
const RESENT = '新的验证码已发送，之前的验证码不再有效。'

it('hands in the code as it was meant', async () => {
  show()
  await type('１２３ 456')
  await press('下一步')
  expect(confirm).toHaveBeenCalledExactlyOnceWith('123456')
})

it('hands in nothing that is no code', async () => {
  show()
  await press('下一步')
  await type('12345')
  await press('下一步')
  expect(confirm).not.toHaveBeenCalled()
  expect(field().getAttribute('aria-invalid')).toBe('true')
})

it('puts a refusal of the code at the field and keeps what was typed', async () => {
  confirm.mockRejectedValue(refused('code_wrong'))
  const { errors, problem } = show()
  await type('123456')
  await press('下一步')
  expect(errors.code).toBeDefined()
  expect(problem.value).toBeNull()
  expect(field()).toHaveProperty('value', '123456')
})

it('shows any other refusal where the page wants it', async () => {
  confirm.mockRejectedValue(refused('stage_conflict'))
  show()
  await type('123456')
  await press('下一步')
  screen.getByText(/stage_conflict/)
})

it('says that another message was sent, and leads to an empty field', async () => {
  const { resent } = show()
  await type('123456')
  await press('重新发送短信验证')
  expect(send).toHaveBeenCalledOnce()
  expect(resent.value).toBe(true)
  expect(screen.getByText(RESENT).getAttribute('role')).toBe('status')
  expect(screen.queryByText(/nothing was resent/)).toBeNull()
  expect(field()).toHaveProperty('value', '')
  expect(document.activeElement).toBe(field())
})

it('says no more that it was sent once a code is handed in', async () => {
  const { resent } = show()
  await press('重新发送短信验证')
  confirm.mockRejectedValue(refused('code_wrong'))
  await type('123456')
  await press('下一步')
  expect(resent.value).toBe(false)
})

it('takes the first message for no other one', async () => {
  sent.value = null
  send.mockImplementation(async () => (sent.value = message))
  const { resent } = show()
  await press('发送短信验证')
  expect(resent.value).toBe(false)
  screen.getByText(/nothing was resent/)
  // The button that was pressed is gone.
  expect(document.activeElement).toBe(field())
})

it('leaves everything as it was where nothing is sent for now', async () => {
  send.mockResolvedValue(false)
  const { typed, resent } = show()
  await type('123456')
  await press('重新发送短信验证')
  expect(typed.value).toBe('123456')
  expect(resent.value).toBe(false)
})

it('says nothing of another message that was refused', async () => {
  send.mockRejectedValue(refused('sms_resend_too_soon'))
  const { typed, resent } = show()
  await type('123456')
  await press('重新发送短信验证')
  expect(resent.value).toBe(false)
  expect(typed.value).toBe('123456')
  screen.getByText(/sms_resend_too_soon/)
})

import { render, screen } from '@testing-library/vue'
import { defineComponent, h } from 'vue'
import { expect, it, vi } from 'vitest'
import { ProblemError, problemOf } from '@/api/problem'
import { i18n, setLanguage } from '@/i18n'
import ErrorSummary from '@/ui/ErrorSummary.vue'
import { useForm, type Form } from './form'
import { page } from './page'

type Fields = 'username' | 'user_agreement'

function mounted(): Form<Fields> {
  let form: Form<Fields> | undefined
  const Host = defineComponent(() => {
    form = useForm<Fields>({
      username: '/username',
      user_agreement: ['/consents/user_agreement', '/consents/privacy_notice'],
    })
    const { summary } = form
    return () => h(ErrorSummary, { items: summary.value })
  })
  render(Host, { global: { plugins: [i18n] } })
  if (form === undefined) throw new Error('not mounted')
  return form
}
const refused = (errors: { pointer: string; code: string }[]) =>
  new ProblemError(problemOf({ code: 'validation_failed', errors }, 422))

it('shows what the check finds and sends nothing', async () => {
  const form = mounted()
  const work = vi.fn(() => Promise.resolve())
  await form.submit(() => ({ username: 'required' }), work)
  expect(work).not.toHaveBeenCalled()
  expect(form.errors.username).toBe('请输入用户名')
  expect(page.failed).toBe(true)
  const summary = await screen.findByRole('alert')
  await vi.waitFor(() => expect(document.activeElement).toBe(summary))
})

it('says what is wrong in the language that the page has now', async () => {
  const form = mounted()
  await form.submit(
    () => ({ username: 'required' }),
    () => Promise.resolve(),
  )
  await setLanguage('en')
  expect(form.errors.username).toBe('Enter your username')
  expect(form.summary.value).toEqual([{ id: 'username', text: 'Enter your username' }])
  await setLanguage('zh-CN')
})

it('puts refusals of the server at their fields', async () => {
  const form = mounted()
  await form.submit(
    () => ({}),
    () =>
      Promise.reject(
        refused([
          { pointer: '/username', code: 'taken' },
          { pointer: '/consents/privacy_notice', code: 'consent_outdated' },
        ]),
      ),
  )
  expect(form.errors.username).toBe('用户名已被使用，请换一个')
  expect(form.summary.value.map(({ id }) => id)).toEqual(['username', 'user_agreement'])
})

it('shows a refusal that belongs to no field as a notice, and tries again', async () => {
  const form = mounted()
  const busy = new ProblemError(problemOf({ code: 'overloaded' }, 503))
  await form.submit(
    () => ({}),
    () => Promise.reject(busy),
  )
  expect(form.problem.value?.code).toBe('overloaded')
  await form.submit(
    () => ({}),
    () => Promise.resolve(),
  )
  expect(form.problem.value).toBeNull()
})

it('ignores a second press while it works', async () => {
  const form = mounted()
  let finish = (): void => undefined
  const work = vi.fn(() => new Promise<void>((done) => (finish = done)))
  const first = form.submit(() => ({}), work)
  await form.submit(() => ({}), work)
  finish()
  await first
  expect(work).toHaveBeenCalledTimes(1)
})

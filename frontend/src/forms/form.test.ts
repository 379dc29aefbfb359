import { render, screen } from '@testing-library/vue'
import { defineComponent, h } from 'vue'
import { expect, it, vi } from 'vitest'
import { ProblemError, problemOf } from '@/api/problem'
import { i18n, loadMessages, setLanguage } from '@/i18n'
import ErrorSummary from '@/ui/ErrorSummary.vue'
import { useForm, type Form, type Options, type Pointers } from './form'
import { page } from './page'

type Fields = 'username' | 'user_agreement'

const mounted = () =>
  mount<Fields>(
    {
      username: '/username',
      user_agreement: ['/consents/user_agreement', '/consents/privacy_notice'],
    },
    { words: ['registration', 'proof'] },
  )

function mount<F extends string>(pointers: Pointers<F>, options?: Options): Form<F> {
  let form: Form<F> | undefined
  const Host = defineComponent(() => {
    form = useForm(pointers, options)
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

const nothing = () => ({})
/** What a form says of a refusal. */
async function said<F extends string>(form: Form<F>, refusal: ProblemError): Promise<Form<F>> {
  await form.submit(nothing, () => Promise.reject(refusal))
  return form
}

it('has the words of its page, wherever one has been before', async () => {
  const pointers = { password_confirmation: '/password_confirmation' }
  const of = async (words: Options['words'] & object) =>
    (await said(mount(pointers, { words }), refused([missing]))).errors.password_confirmation
  const missing = { pointer: '/password_confirmation', code: 'required' }
  await loadMessages('proof', 'account')
  expect(await of(['proof'])).toBe('请再次输入密码')
  expect(await of(['account', 'proof'])).toBe('请再次输入新密码')
  expect(await of(['proof', 'account'])).toBe('请再次输入密码')
  // Other pages' words are loaded, and are not those of this one.
  expect(await of([])).toBe('此项必填')
})

it('has words of its own for a purpose', async () => {
  await loadMessages('recovery')
  const wrong = new ProblemError(
    problemOf({ code: 'recovery_code_wrong', status: 422, attempts_left: 4 }, 422),
  )
  const of = async (purpose?: string) => {
    const options = { words: ['recovery'] as const, ...(purpose !== undefined && { purpose }) }
    return (await said(mount({ code: 'recovery_code_wrong' }, options), wrong)).errors.code
  }
  expect(await of('username')).toContain('姓名、证件')
  expect(await of('username')).toContain('还可以再试 4 次')
  expect(await of('password')).toContain('证件、手机号码')
  expect(await of()).toContain('证件、手机号码')
})

it('says in general words what it has no words for', async () => {
  const form = mounted()
  await said(form, refused([{ pointer: '/username', code: 'of_tomorrow' }]))
  expect(form.errors.username).toBe('填写的内容有误，请检查')
})

it('says once what is wrong with several fields, at the first of them', async () => {
  const pointers = { answer_1: ['/answers/0', 'answers_wrong'], answer_2: 'answers_wrong' }
  await loadMessages('recovery')
  const form = mount<keyof typeof pointers>(pointers, { words: ['recovery'] })
  await said(form, new ProblemError(problemOf({ code: 'answers_wrong', status: 422 }, 422)))
  expect(Object.keys(form.errors)).toEqual(['answer_1', 'answer_2'])
  expect(form.errors.answer_2).toBe(form.errors.answer_1)
  expect(form.summary.value.map(({ id }) => id)).toEqual(['answer_1'])
  expect(form.refused.value?.code).toBe('answers_wrong')
})

it('forgets what was wrong when it is sent again', async () => {
  const form = mounted()
  form.fail({ username: 'required' })
  expect(form.summary.value).toHaveLength(1)
  await form.submit(nothing, () => Promise.resolve())
  expect(form.summary.value).toEqual([])
  expect(form.refused.value).toBeNull()
  expect(page.failed).toBe(false)
})

it('passes on what is no refusal, and can be sent again', async () => {
  const form = mounted()
  const fault = new TypeError('a fault of the page')
  await expect(form.submit(nothing, () => Promise.reject(fault))).rejects.toBe(fault)
  expect(form.busy.value).toBe(false)
})

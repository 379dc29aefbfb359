import userEvent from '@testing-library/user-event'
import { render, screen } from '@testing-library/vue'
import axe from 'axe-core'
import { expect, it } from 'vitest'
import { i18n } from '@/i18n'
import DateField from './DateField.vue'
import PasswordField from './PasswordField.vue'
import TextField from './TextField.vue'

const global = { plugins: [i18n] }

it('joins hint and error to the input', () => {
  render(TextField, {
    props: { id: 'name', label: '姓名', hint: '与银行一致', error: '请输入姓名', modelValue: '' },
    global,
  })
  const input = screen.getByLabelText('姓名')
  expect(input.getAttribute('aria-describedby')).toBe('name-hint name-error')
  expect(input.getAttribute('aria-invalid')).toBe('true')
})

it('reads a date from three fields, in any width', async () => {
  const { emitted } = render(DateField, {
    props: { id: 'birth_date', label: '出生日期', modelValue: '' },
    global,
  })
  await userEvent.type(screen.getByLabelText('年'), '１９９０')
  await userEvent.type(screen.getByLabelText('月'), '3')
  await userEvent.type(screen.getByLabelText('日'), '7')
  expect(emitted()['update:modelValue']?.at(-1)).toEqual(['1990-03-07'])
})

it('shows and hides a password', async () => {
  render(PasswordField, {
    props: { id: 'password', label: '密码', autocomplete: 'new-password', modelValue: 'abc' },
    global,
  })
  const input = screen.getByLabelText('密码')
  expect(input.getAttribute('type')).toBe('password')
  await userEvent.click(screen.getByRole('button'))
  expect(input.getAttribute('type')).toBe('text')
})

it('has no accessibility faults', async () => {
  const { container } = render(DateField, {
    props: { id: 'birth_date', label: '出生日期', error: '没有这个日期', modelValue: '' },
    global,
  })
  const { violations } = await axe.run(container)
  expect(violations.map(({ id }) => id)).toEqual([])
})

import userEvent from '@testing-library/user-event'
import { render, screen } from '@testing-library/vue'
import { expect, it } from 'vitest'
import { i18n } from '@/i18n'
import NewPassword from './NewPassword.vue'

it('does not praise a password that was refused, and judges the next one', async () => {
  const props = { label: '密码', againLabel: '确认密码', modelValue: 'password1', again: '' }
  const { rerender } = render(NewPassword, {
    props: { ...props, errors: {} },
    global: { plugins: [i18n] },
  })
  screen.getByText('密码强度：中等，再长一些会更安全')
  await rerender({ ...props, errors: { password: '这个密码太常见' } })
  expect(screen.queryByText(/密码强度/)).toBeNull()
  await userEvent.type(screen.getByLabelText('密码'), ' lychee park')
  screen.getByText('密码强度：强')
})

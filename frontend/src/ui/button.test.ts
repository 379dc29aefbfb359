import userEvent from '@testing-library/user-event'
import { render, screen } from '@testing-library/vue'
import { expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n } from '@/i18n'
import Button from './Button.vue'
import Retry from './Retry.vue'
import SubmitButton from './SubmitButton.vue'

const slots = { default: 'go on' }

it('is a button that sends no form, and passes on what else it is given', async () => {
  const { emitted } = render(Button, { slots, attrs: { disabled: false, 'aria-pressed': true } })
  const button = screen.getByRole('button', { name: 'go on', pressed: true })
  expect(button.getAttribute('type')).toBe('button')
  expect(button.className).toBe('button')
  expect(button.hasAttribute('aria-disabled')).toBe(false)
  await userEvent.click(button)
  expect(emitted()['click']).toHaveLength(1)
})

it('says that it is off while work is under way, and stays where the focus is', () => {
  render(Button, { slots, props: { kind: 'second', busy: true } })
  const button = screen.getByRole('button', { name: 'go on' })
  expect(button.className).toBe('button button-second')
  expect(button.getAttribute('aria-disabled')).toBe('true')
  expect(button).toHaveProperty('disabled', false)
})

it('is a link where it leads to a page', () => {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ name: 'help', path: '/help', component: Button }],
  })
  render(Button, {
    slots,
    props: { kind: 'second', to: { name: 'help', hash: '#contact' } },
    global: { plugins: [router] },
  })
  const link = screen.getByRole('link', { name: 'go on' })
  expect(link.getAttribute('href')).toBe('/help#contact')
  expect(link.className).toBe('button button-second')
  expect(screen.queryByRole('button')).toBeNull()
})

it('sends a form where it is the one button of it', () => {
  render(SubmitButton, { slots, props: { busy: false }, global: { plugins: [i18n] } })
  expect(screen.getByRole('button', { name: 'go on' }).getAttribute('type')).toBe('submit')
})

it('tries again', async () => {
  const { emitted } = render(Retry, { global: { plugins: [i18n] } })
  await userEvent.click(screen.getByRole('button', { name: '重试' }))
  expect(emitted()['click']).toHaveLength(1)
})

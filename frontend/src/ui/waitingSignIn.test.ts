import { render, screen } from '@testing-library/vue'
import { beforeEach, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { dropWaiting } from '@/api/authorization'
import { i18n, loadMessages } from '@/i18n'
import { stored } from '@/i18n/stored'
import { authorization } from '@/test/authorization'
import { serve } from '@/test/server'
import WaitingSignIn from './WaitingSignIn.vue'

const router = createRouter({
  history: createMemoryHistory(),
  routes: [{ name: 'authorize', path: '/authorize/:id', component: WaitingSignIn }],
})
beforeEach(async () => {
  dropWaiting()
  await loadMessages('core')
})

it('leads back to the system, and not once more to registration', async () => {
  stored.set('authorization', 'yes')
  const waits = authorization({ create: true })
  serve({ 'GET /authorizations/current': { body: waits } })
  render(WaitingSignIn, { props: { first: true }, global: { plugins: [i18n, router] } })
  const link = await screen.findByRole('link', { name: '返回登录「考生服务系统」' })
  expect(link.getAttribute('href')).toBe(`/authorize/${waits.id}?create=0`)
})

it('shows nothing where nothing waits', () => {
  serve({})
  const { container } = render(WaitingSignIn, { global: { plugins: [i18n, router] } })
  expect(container.textContent).toBe('')
})

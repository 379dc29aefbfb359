import { render, screen } from '@testing-library/vue'
import { beforeEach, expect, it } from 'vitest'
import { problemOf } from '@/api/problem'
import { i18n, loadMessages, type Namespace } from '@/i18n'
import ProblemNotice from './ProblemNotice.vue'

beforeEach(() => loadMessages('registration', 'recovery', 'account'))

const title = (code: string, words?: Namespace[]) => {
  const { unmount } = render(ProblemNotice, {
    props: { problem: problemOf({ code }, 404), ...(words && { words }) },
    global: { plugins: [i18n] },
  })
  const { textContent } = screen.getByRole('heading')
  unmount()
  return textContent
}

it('has the words of its page, wherever one has been before', () => {
  expect(title('flow_not_found', ['registration', 'proof'])).toBe('本次注册已过期')
  expect(title('flow_not_found', ['recovery', 'proof'])).toBe('本次找回已过期')
  expect(title('flow_not_found', ['account'])).toBe('本次修改已过期')
})

it('has the words of every page besides, and general ones for what it has no words for', () => {
  expect(title('offline', ['account'])).toBe('网络中断，没有提交成功')
  expect(title('offline')).toBe('网络中断，没有提交成功')
  expect(title('flow_not_found')).toBe(title('internal'))
})

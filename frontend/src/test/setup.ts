import { cleanup } from '@testing-library/vue'
import { afterEach, beforeEach, vi } from 'vitest'
import { loadMessages, setLanguage } from '@/i18n'

beforeEach(async () => {
  await loadMessages('proof', 'registration')
  await setLanguage('zh-CN')
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  localStorage.clear()
})

import { cleanup } from '@testing-library/vue'
import { afterAll, afterEach, beforeEach, vi } from 'vitest'
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
// The next file has modules of its own, as if it were alone.
afterAll(() => {
  vi.resetModules()
})

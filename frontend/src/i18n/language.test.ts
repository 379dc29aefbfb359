import { beforeEach, expect, it } from 'vitest'
import { language, setLanguage, startLanguage, suggestLanguage } from '.'
import { stored } from './stored'

beforeEach(() => localStorage.clear())

it('speaks what a business system suggests, after a reload too', async () => {
  await suggestLanguage('en')
  expect(language()).toBe('en')
  await setLanguage('zh-CN')
  stored.set('language', null)
  await startLanguage()
  expect(language()).toBe('en')
})

it('keeps what the person has chosen', async () => {
  await setLanguage('zh-CN')
  await suggestLanguage('en')
  expect(language()).toBe('zh-CN')
  await startLanguage()
  expect(language()).toBe('zh-CN')
})

it('takes a default for no choice', async () => {
  await startLanguage()
  expect(stored.get('language')).toBeNull()
})

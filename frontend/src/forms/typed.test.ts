import { expect, it } from 'vitest'
import { asciiDigits, number } from './typed'

it('takes numbers as people type them', () => {
  expect(number(' 6217 0000-0000 ')).toBe('621700000000')
  expect(number('１１０１０５１９４９１２３１００２ｘ')).toBe('11010519491231002X')
  expect(number('138－0013–8000')).toBe('13800138000')
})

it('leaves other characters alone', () => {
  expect(asciiDigits('王·１')).toBe('王·1')
})

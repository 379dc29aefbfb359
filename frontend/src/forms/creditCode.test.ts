import { expect, it } from 'vitest'
import vectors from '../../../tests/data/vectors.json'
import { creditCodeFault } from './creditCode'

it('takes the codes that are right, as people type them', () => {
  for (const code of vectors.usci_valid) expect(creditCodeFault(code), code).toBeNull()
  expect(creditCodeFault('9135 0100-Ｍ０００100ｙ43')).toBeNull()
})

it('tells apart what is wrong', () => {
  const { bad_check, forbidden_letter_O, len17 } = vectors.usci_invalid
  expect(creditCodeFault('  ')).toBe('required')
  expect(creditCodeFault(len17)).toBe('credit_code_too_short')
  expect(creditCodeFault(`${len17}43`)).toBe('credit_code_too_long')
  expect(creditCodeFault(forbidden_letter_O)).toBe('credit_code_format')
  expect(creditCodeFault(bad_check)).toBe('credit_code_checksum')
})

it('finds every single wrong character', () => {
  for (const code of vectors.usci_valid) {
    for (let at = 0; at < 18; at += 1) {
      const other = code[at] === '1' ? '2' : '1'
      const wrong = code.slice(0, at) + other + code.slice(at + 1)
      expect(creditCodeFault(wrong), wrong).not.toBeNull()
    }
  }
})

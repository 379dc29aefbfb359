import { expect, it } from 'vitest'
import { checkCode, checkDocumentNumber } from './checks'

it('tells a code that is missing from one that is none', () => {
  expect(checkCode('  ')).toEqual({ code: 'required' })
  expect(checkCode('12345')).toEqual({ code: 'code_format' })
  expect(checkCode('１２３ ４５６')).toEqual({})
})

it('finds a wrong check digit of a resident number only', () => {
  const wrong = '440305199003070015'
  expect(checkDocumentNumber('RESIDENT_ID', wrong, false)).toEqual({
    document_number: 'document_checksum',
  })
  expect(checkDocumentNumber('PASSPORT_FOREIGN', wrong, false)).toEqual({})
})

it('takes an empty number where an earlier one is kept', () => {
  expect(checkDocumentNumber('RESIDENT_ID', ' ', true)).toEqual({})
  expect(checkDocumentNumber('RESIDENT_ID', ' ', false)).toEqual({ document_number: 'required' })
})

import { expect, it } from 'vitest'
import { checkCode, checkDocumentNumber, checkNewPassword, checkUsername } from './checks'

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

it.each([
  ['RESIDENT_ID', '440305199003071', 'document_retired_15'],
  ['RESIDENT_ID', '44030519900307001', 'document_too_short'],
  ['TW_RESIDENCE', '8300001990030700141', 'document_too_long'],
  ['HKMO_RESIDENCE', '81000019900307001A', 'document_format'],
])('tells what is wrong with %s %s', (type, typed, fault) => {
  expect(checkDocumentNumber(type, typed, false)).toEqual({ document_number: fault })
})

it('takes a number that was copied along with what nobody sees', () => {
  expect(checkDocumentNumber('RESIDENT_ID', '\u202d440305199003070014\u202c', false)).toEqual({})
})

it('knows the form of a username, as the server does', () => {
  for (const good of ['wang', 'Ｗａｎｇ', '王小明考生', 'a@example.com', 'wang.xm_1990']) {
    expect(checkUsername(good), good).toEqual({})
  }
  expect(checkUsername(' ')).toEqual({ username: 'required' })
  expect(checkUsername('abc')).toEqual({ username: 'too_short' })
  expect(checkUsername('a'.repeat(33))).toEqual({ username: 'too_long' })
  for (const bad of ['_wang', 'wang xm', 'wаng', '<b>wang']) {
    expect(checkUsername(bad), bad).toEqual({ username: 'username_charset' })
  }
})

it('says all that it can see about a new password at once', () => {
  expect(checkNewPassword('short', 'other')).toEqual({
    password: 'too_short',
    password_confirmation: 'mismatch',
  })
  expect(checkNewPassword('lychee park morning 7', 'lychee park morning 7')).toEqual({})
})

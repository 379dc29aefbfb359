import { beforeEach, expect, it } from 'vitest'
import type { Schemas } from '@/api/client'
import { account } from '@/api/session'
import { change, something, typed, wanted, wipe, type Change } from './change'

beforeEach(wipe)
const now = { bank_code: 'CCB' }

it('asks for what was filled in, and leaves the rest as it is', () => {
  Object.assign(typed, { bankCode: 'CCB', phone: ' 139 0013 9000 ' })
  expect(wanted(now, false)).toEqual({
    name: null,
    bank_code: null,
    card_number: null,
    phone: '139 0013 9000',
    agent: null,
  })
})

it('knows when nothing is to be changed', () => {
  Object.assign(typed, { bankCode: 'CCB', name: '  ' })
  expect(something(wanted(now, false))).toBe(false)
  typed.bankCode = 'ICBC'
  expect(something(wanted(now, false))).toBe(true)
})

it('names a country only for a document that has one', () => {
  Object.assign(typed, { otherAgent: true, documentType: 'PASSPORT', issuingCountry: 'GBR' })
  expect(wanted(now, true).agent?.issuing_country).toBe('GBR')
  expect(wanted(now, false).agent?.issuing_country).toBeNull()
})

it('keeps nothing for the next person at this browser', () => {
  account.value = {} as Schemas['AccountView']
  change.value = {} as Change
  typed.name = '王小明'
  account.value = null
  expect(change.value).toBeNull()
  expect(typed.name).toBe('')
})

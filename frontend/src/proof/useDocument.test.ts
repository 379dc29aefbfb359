import { effectScope, nextTick, reactive } from 'vue'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { documentTypes } from '@/api/lists'
import { blankDocument, blankPerson } from './typed'
import { useDocument, usePerson } from './useDocument'

const kind = { name: '', name_en: '', example: '' }
let scope = effectScope()
beforeEach(() => {
  scope = effectScope()
  documentTypes.value = [
    { ...kind, code: 'RESIDENT_ID', carries_birth_and_gender: true, needs_issuing_country: false },
    {
      ...kind,
      code: 'PASSPORT_FOREIGN',
      carries_birth_and_gender: false,
      needs_issuing_country: true,
    },
  ]
})
afterEach(() => {
  documentTypes.value = []
  scope.stop()
})

const document = (typed: Partial<ReturnType<typeof blankDocument>>) =>
  useDocument({ ...blankDocument(), ...typed })

it('wants a kind and a number, and a country where such a document needs one', () => {
  expect(document({}).check()).toEqual({ document_type: 'required', document_number: 'required' })
  const passport = document({ documentType: 'PASSPORT_FOREIGN', documentNumber: 'E1234567' })
  expect(passport.check()).toEqual({ issuing_country: 'required' })
  const kept = document({ documentType: 'RESIDENT_ID' })
  expect(kept.check(true)).toEqual({})
})

it('sends a country only with a document that needs one', () => {
  const typed = { documentNumber: ' E1234567 ', issuingCountry: 'GBR' }
  expect(document({ ...typed, documentType: 'PASSPORT_FOREIGN' }).given()).toEqual({
    document_type: 'PASSPORT_FOREIGN',
    document_number: 'E1234567',
    issuing_country: 'GBR',
  })
  expect(document({ ...typed, documentType: 'RESIDENT_ID' }).given().issuing_country).toBeNull()
  expect(() => document(typed).given()).toThrow()
})

it('fills in what a number tells, and asks for it only where none does', async () => {
  const typed = reactive(blankPerson())
  const person = scope.run(() => usePerson(typed))
  typed.documentType = 'PASSPORT_FOREIGN'
  typed.documentNumber = '440305199003070014'
  typed.issuingCountry = 'GBR'
  await nextTick()
  expect(person?.check()).toEqual({ gender: 'required', birth_date: 'required' })
  expect(person?.check(true)).toEqual({ gender: 'required' })
  typed.documentType = 'RESIDENT_ID'
  typed.documentNumber = '44030519900307001'
  await nextTick()
  // What is wrong with the number comes first.
  expect(person?.check()).toEqual({ document_number: 'document_too_short' })
  typed.documentNumber = '440305199003070014'
  await nextTick()
  expect(typed).toMatchObject({ gender: 'male', birthDate: '1990-03-07' })
  expect(person?.check()).toEqual({})
})

import { computed, watch } from 'vue'
import { documentTypes } from '@/api/lists'
import { checkDocumentNumber } from '@/forms/checks'
import { chosen } from '@/forms/chosen'
import { required } from '@/forms/required'
import { tells } from '@/forms/residentId'
import { number } from '@/forms/typed'
import type { TypedDocument, TypedPerson } from './typed'

/** The document that `DocumentFields` asks for: its type, its checks, and the request members. */
export function useDocument(typed: TypedDocument) {
  const type = computed(() => documentTypes.value.find(({ code }) => code === typed.documentType))
  const needsCountry = computed(() => type.value?.needs_issuing_country === true)
  return {
    /** The chosen type, once the list of types is loaded. */
    type,
    needsCountry,
    /** Errors by field; an empty number is valid if an earlier one is kept. */
    check: (kept = false) => ({
      ...required({
        document_type: typed.documentType,
        issuing_country: !needsCountry.value || typed.issuingCountry,
      }),
      ...checkDocumentNumber(typed.documentType, typed.documentNumber, kept),
    }),
    /** The members of a request. */
    given: () => ({
      document_type: chosen(typed.documentType),
      document_number: typed.documentNumber.trim(),
      issuing_country: needsCountry.value ? typed.issuingCountry : null,
    }),
  }
}

/** The same with sex and date of birth, which some numbers contain and so fill in. */
export function usePerson(typed: TypedPerson) {
  const document = useDocument(typed)
  const carries = () => document.type.value?.carries_birth_and_gender === true

  watch(
    () => [typed.documentNumber, typed.documentType],
    () => {
      const told = carries() ? tells(number(typed.documentNumber)) : null
      if (told === null) return
      typed.gender = told.gender
      typed.birthDate = told.birthDate
    },
  )
  return {
    ...document,
    check(kept = false) {
      const wrong = document.check(kept)
      // Once the number is correct, it fills in the rest.
      const told = wrong.document_number !== undefined && carries()
      return {
        ...required({
          gender: told || typed.gender,
          birth_date: told || kept || typed.birthDate,
        }),
        ...wrong,
      }
    },
  }
}

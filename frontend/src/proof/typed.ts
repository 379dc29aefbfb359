import type { Schemas } from '@/api/client'

/** An identity document as it is typed. */
export interface TypedDocument {
  documentType: Schemas['DocumentType'] | ''
  documentNumber: string
  issuingCountry: string
}
export const blankDocument = (): TypedDocument => ({
  documentType: '',
  documentNumber: '',
  issuingCountry: '',
})

/** A document with sex and date of birth of its holder. */
export interface TypedPerson extends TypedDocument {
  gender: Schemas['Gender'] | ''
  birthDate: string
}
export const blankPerson = (): TypedPerson => ({ ...blankDocument(), gender: '', birthDate: '' })

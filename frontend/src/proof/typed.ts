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

/** A person's document and what some numbers tell of the person. */
export interface TypedPerson extends TypedDocument {
  gender: Schemas['Gender'] | ''
  birthDate: string
}
export const blankPerson = (): TypedPerson => ({ ...blankDocument(), gender: '', birthDate: '' })

/** What a page can tell before it asks the server; by the server's own codes. */
import { checks } from './residentId'
import { number } from './typed'

/** What refusals call the field of a code. */
export const CODE = ['/code', 'code_wrong', 'code_expired', 'code_dead', 'recovery_code_wrong']

/** A code from a message. */
export function checkCode(typed: string): { code?: string } {
  const given = number(typed)
  if (given === '') return { code: 'required' }
  return /^\d{6}$/.test(given) ? {} : { code: 'code_format' }
}

/** The number of an identity document; an empty one is fine where an earlier one is kept. */
export function checkDocumentNumber(
  type: string,
  typed: string,
  kept: boolean,
): { document_number?: string } {
  const given = number(typed)
  if (given === '') return kept ? {} : { document_number: 'required' }
  const resident = type === 'RESIDENT_ID' && /^\d{17}[\dX]$/.test(given)
  return resident && !checks(given) ? { document_number: 'document_checksum' } : {}
}

/** What a page can tell before it asks the server; by the server's own codes. */
import { rules } from '@/api/service'
import { checks } from './residentId'
import { number, visible } from './typed'

/** What refusals call the field of a code. */
export const CODE = ['/code', 'code_wrong', 'code_expired', 'code_dead', 'recovery_code_wrong']

/** A code from a message. */
export function checkCode(typed: string): { code?: string } {
  const given = number(typed)
  if (given === '') return { code: 'required' }
  return /^\d{6}$/.test(given) ? {} : { code: 'code_format' }
}

/** Documents whose numbers have 18 characters, the last of which checks the others. */
const EIGHTEEN = ['RESIDENT_ID', 'HKMO_RESIDENCE', 'TW_RESIDENCE']

function eighteenFault(type: string, given: string): string | null {
  if (type === 'RESIDENT_ID' && /^\d{15}$/.test(given)) return 'document_retired_15'
  if (given.length < 18) return 'document_too_short'
  if (given.length > 18) return 'document_too_long'
  if (!/^\d{17}[\dX]$/.test(given)) return 'document_format'
  return checks(given) ? null : 'document_checksum'
}

/** The number of an identity document; an empty one is fine where an earlier one is kept. */
export function checkDocumentNumber(
  type: string,
  typed: string,
  kept: boolean,
): { document_number?: string } {
  const given = number(typed)
  if (given === '') return kept ? {} : { document_number: 'required' }
  const fault = EIGHTEEN.includes(type) ? eighteenFault(type, given) : null
  return fault === null ? {} : { document_number: fault }
}

/** A username; whether it is free, and no number of somebody, the server knows. */
export function checkUsername(typed: string): { username?: string } {
  const given = visible(typed.normalize('NFKC')).trim()
  const length = [...given].length
  if (length === 0) return { username: 'required' }
  if (length < 4) return { username: 'too_short' }
  if (length > 32) return { username: 'too_long' }
  const word = /^[a-zA-Z0-9\u4e00-\u9fff][a-zA-Z0-9\u4e00-\u9fff.\-_@]*$/
  return word.test(given) ? {} : { username: 'username_charset' }
}

/** A new password, typed twice; whether it is too common, the server knows. */
export function checkNewPassword(
  typed: string,
  again: string,
): { password?: string; password_confirmation?: string } {
  const { min_length, max_length } = rules.value
  const length = [...typed].length
  return {
    ...(length === 0
      ? { password: 'required' }
      : length < min_length
        ? { password: 'too_short' }
        : length > max_length && { password: 'too_long' }),
    ...(again === ''
      ? { password_confirmation: 'required' }
      : again !== typed && { password_confirmation: 'mismatch' }),
  }
}

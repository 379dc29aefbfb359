/** The unified social credit code of a unit (GB 32100-2015). */
import { number } from './typed'

/** No I, O, S, V and Z: they look like digits. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const FORM = /^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/

/** Whether the last character is the check character of the others; weights are the powers of 3. */
function checks(code: string): boolean {
  let sum = 0
  let weight = 1
  for (const character of code.slice(0, 17)) {
    sum += weight * ALPHABET.indexOf(character)
    weight = (weight * 3) % 31
  }
  return ALPHABET[(31 - (sum % 31)) % 31] === code[17]
}

/** What is wrong with a code, by the server's own names; `null` when nothing is. */
export function creditCodeFault(typed: string): string | null {
  const code = number(typed)
  if (code === '') return 'required'
  if (code.length < 18) return 'credit_code_too_short'
  if (code.length > 18) return 'credit_code_too_long'
  if (!FORM.test(code)) return 'credit_code_format'
  return checks(code) ? null : 'credit_code_checksum'
}

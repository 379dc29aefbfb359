/** What Shiming tells about a person. */

/**
 * @typedef {object} Verified
 * @property {object} verification
 * @property {string} verification.trust_framework
 * @property {string} [verification.time]
 * @property {string} [verification.assurance_level]
 * @property {{ name?: string }} claims
 */

/**
 * The claims of the scopes that this system asks for.
 *
 * @typedef {object} Claims
 * @property {string} sub
 * @property {string} preferred_username
 * @property {'person' | 'unit'} user_type
 * @property {string} [phone_number]
 * @property {string} name
 * @property {string} document_type
 * @property {string} document_number
 * @property {boolean} document_number_masked
 * @property {string} [verified_at]
 * @property {Verified} [verified_claims]
 */

/**
 * 138****8000, of a number that came whole: pages show no more than is needed.
 *
 * @param {string} number
 */
export function maskPhone(number) {
  const local = number.replace(/^\+86/, '')
  return local.replace(/^(.{3}).*(.{4})$/, '$1****$2')
}

/**
 * A document number for a page: Shiming has masked it, or this does.
 *
 * @param {Pick<Claims, 'document_number' | 'document_number_masked'>} claims
 */
export function maskDocument({ document_number: number, document_number_masked: masked }) {
  if (masked) return number
  return number.slice(0, 1) + '*'.repeat(Math.max(number.length - 3, 0)) + number.slice(-2)
}

/** How far the clock of this device is from the server's, in milliseconds: cheap phones are often wrong. */
let ahead = 0

/** Learns from the `Date` header of an answer (RFC 9110 §6.6.1). */
export function learnTime(header: string | null): void {
  const server = header === null ? NaN : Date.parse(header)
  const difference = Date.now() - server
  // The header has whole seconds; smaller differences are its rounding.
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > 2000 ? difference : 0
}

/** The server's time in milliseconds. */
export const serverNow = (): number => Date.now() - ahead

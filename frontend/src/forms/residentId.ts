/** What an 18-digit identity number tells (GB 11643-1999). */
export interface Told {
  gender: 'male' | 'female'
  /** `1990-03-07` */
  birthDate: string
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

/** Whether the last character is the check character of the others (ISO 7064 MOD 11-2). */
export function checks(number: string): boolean {
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0)
  return '10X98765432'[sum % 11] === number[17]
}

/** Date of birth and sex, when the number is complete and right. */
export function tells(number: string): Told | null {
  if (!/^\d{17}[\dX]$/.test(number) || !checks(number)) return null
  const birthDate = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`
  const date = new Date(`${birthDate}T00:00:00Z`)
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== birthDate) return null
  return { birthDate, gender: Number(number[16]) % 2 === 1 ? 'male' : 'female' }
}

/** People of the sandbox, each for one test only: a document has one account. */
import type { APIRequestContext } from '@playwright/test'
import { expect } from '@playwright/test'

export interface Person {
  name: string
  document_type: string
  document_number: string
  issuing_country: string | null
  gender: 'male' | 'female'
  birth_date: string
  bank_code: string
  card_number: string
  card_kind: string
  phone: string
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
let serial = (Date.now() % 1e6) * 100 + (process.pid % 100)

/** A number that no other test has, in `length` digits. */
export function unique(length: number): string {
  serial += 1
  return String(serial * 7919 + process.pid)
    .slice(-length)
    .padStart(length, '0')
}

function resident(): Pick<Person, 'document_type' | 'document_number' | 'gender' | 'birth_date'> {
  const day = String(1 + (serial % 28)).padStart(2, '0')
  const year = 1960 + (serial % 40)
  const body = `440305${year}03${day}${unique(3)}`
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(body[at]), 0)
  return {
    document_type: 'RESIDENT_ID',
    document_number: body + '10X98765432'[sum % 11],
    gender: Number(body[16]) % 2 === 1 ? 'male' : 'female',
    birth_date: `${year}-03-${day}`,
  }
}

export function luhn(body: string): string {
  const sum = [...body].reverse().reduce((total, digit, at) => {
    const doubled = Number(digit) * (at % 2 === 0 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return body + String((10 - (sum % 10)) % 10)
}

const CREDIT_CODE = '0123456789ABCDEFGHJKLMNPQRTUWXY'

/** A unified social credit code that no other test has. */
export function creditCode(): string {
  const body = `91440300${unique(9)}`
  const sum = [...body].reduce(
    (total, one, at) => total + CREDIT_CODE.indexOf(one) * (3 ** at % 31),
    0,
  )
  return body + CREDIT_CODE.charAt((31 - (sum % 31)) % 31)
}

/** The classes of people that every flow must work for. */
export const classes: Record<string, () => Partial<Person>> = {
  'resident ID': () => ({ name: '王小明', ...resident() }),
  'rare character': () => ({ name: '李𬭚㛃', ...resident() }),
  'name with ·': () => ({ name: '买买提·艾合买提江', ...resident() }),
  permit: () => ({
    name: '陳大文',
    document_type: 'HKMO_PERMIT',
    document_number: `H${unique(8)}`,
    gender: 'male',
    birth_date: '1985-11-02',
  }),
  passport: () => ({
    name: "MARIE-CLAIRE O'NEILL",
    document_type: 'PASSPORT_FOREIGN',
    document_number: `X${unique(7)}`,
    issuing_country: 'FRA',
    gender: 'female',
    birth_date: '1992-07-23',
  }),
}

/** Makes the sandbox's bank know a new person of this class. */
export async function person(
  request: APIRequestContext,
  kind: keyof typeof classes,
): Promise<Person> {
  const made = {
    issuing_country: null,
    bank_code: 'CCB',
    card_number: luhn(`621700${unique(12)}`),
    card_kind: 'debit',
    phone: `139${unique(8)}`,
    ...classes[kind]?.(),
  } as Person
  const answer = await request.post('/sandbox/v1/cardholders', { data: made })
  expect(answer.status(), await answer.text()).toBe(201)
  return made
}

/** The same person with another card and another phone, as the bank knows. */
export async function moved(request: APIRequestContext, before: Person): Promise<Person> {
  const made = { ...before, card_number: luhn(`621700${unique(12)}`), phone: `139${unique(8)}` }
  const answer = await request.post('/sandbox/v1/cardholders', { data: made })
  expect(answer.status(), await answer.text()).toBe(201)
  return made
}

/** The code of the newest message to a phone. */
export async function codeFor(request: APIRequestContext, phone: string): Promise<string> {
  let code: string | null = null
  await expect
    .poll(async () => {
      const answer = await request.get(`/sandbox/v1/sms?phone=${phone}`)
      const { items } = (await answer.json()) as { items: { code: string | null }[] }
      code = items[0]?.code ?? null
      return code
    })
    .not.toBeNull()
  return code ?? ''
}

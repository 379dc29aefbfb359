/**
 * A change of the account under way. The server keeps it; here are its masked
 * view and, while the page is open, what was typed. Nothing typed is stored.
 */
import { reactive, shallowRef, watch } from 'vue'
import { answered, api, type Schemas } from '@/api/client'
import { ProblemError } from '@/api/problem'
import { account } from '@/api/session'
import { number } from '@/forms/typed'

export type Change = Schemas['AccountChange']

export const change = shallowRef<Change | null>(null)

const nothingTyped = () => ({
  name: '',
  bankCode: '',
  cardNumber: '',
  phone: '',
  /** For units: another person acts for it from now on. */
  otherAgent: false,
  documentType: '',
  documentNumber: '',
  issuingCountry: '',
  gender: '',
  birthDate: '',
})
export const typed = reactive(nothingTyped())

/** Takes the server's newest view. The account tells whether there is a change; it is asked for only then. */
export function keep(newest: Change | null): Change | null {
  change.value = newest
  if (account.value !== null) {
    account.value = { ...account.value, change_expires_at: newest?.expires_at ?? null }
  }
  return newest
}

/** Forgets the change and what was typed. */
export function wipe(): void {
  change.value = null
  Object.assign(typed, nothingTyped())
}
// The next person at this browser finds nothing.
watch(account, (now) => now === null && wipe(), { flush: 'sync' })

/** The change that the server has for this account. */
export async function loadChange(): Promise<Change | null> {
  try {
    return keep(await answered(api.GET('/api/v1/account/change')))
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'flow_not_found') throw error
    return keep(null)
  }
}

/** Gives the change up. */
export async function dropChange(): Promise<void> {
  await answered(api.DELETE('/api/v1/account/change'))
  keep(null)
  wipe()
}

const orNull = (text: string) => (text.trim() === '' ? null : text.trim())

/** What the server is asked to change; `null` stays as it is. */
export function wanted(
  now: { bank_code: string },
  needsCountry: boolean,
): Schemas['ChangeAccount'] {
  const bank = orNull(typed.bankCode)
  return {
    name: orNull(typed.name),
    bank_code: bank === now.bank_code && !typed.otherAgent ? null : bank,
    card_number: orNull(typed.cardNumber),
    phone: orNull(typed.phone),
    agent: typed.otherAgent
      ? {
          document_type: typed.documentType as Schemas['DocumentType'],
          document_number: typed.documentNumber.trim(),
          issuing_country: needsCountry ? typed.issuingCountry : null,
          gender: typed.gender as Schemas['Gender'],
          birth_date: typed.birthDate,
        }
      : null,
  }
}

/** Whether anything is to be changed. */
export const something = (body: Schemas['ChangeAccount']): boolean =>
  Object.values(body).some((value) => value !== null)

/** Numbers in groups, as people compare them. */
export const grouped = (card: string): string => number(card).replace(/(.{4})(?=.)/g, '$1 ')

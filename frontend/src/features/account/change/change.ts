/** A change of the account under way, and what it asks for. */
import { watch } from 'vue'
import { answered, api, type Schemas } from '@/api/client'
import { account } from '@/api/session'
import { makeFlow } from '@/flow/makeFlow'
import { number } from '@/forms/typed'

export type Change = Schemas['AccountChange']

const flow = makeFlow({
  ask: () => answered(api.GET('/api/v1/account/change')),
  // The account tells whether there is a change; it is asked for only then.
  note: (change: Change | null) => {
    if (account.value === null) return
    account.value = { ...account.value, change_expires_at: change?.expires_at ?? null }
  },
  // What is left of bank checks and of tries stands in the change, too.
  changes: ({ code, remaining }) => remaining !== undefined || code.startsWith('code_'),
  blank: () => ({
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
  }),
})
export const { view: change, typed, drop, load, attempt, advance } = flow

/** Forgets the change and what was typed. */
export function wipe(): void {
  drop()
  flow.wipe()
}
// The next person at this browser finds nothing.
watch(account, (now) => now === null && wipe(), { flush: 'sync' })

/** Gives the change up. */
export async function abandon(): Promise<void> {
  await answered(api.DELETE('/api/v1/account/change'))
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

/** A change of the account under way, and what it asks for. */
import { watch } from 'vue'
import { answered, api, type Schemas } from '@/api/client'
import { account } from '@/api/session'
import { makeFlow } from '@/flow/makeFlow'
import { chosen } from '@/forms/chosen'
import { number } from '@/forms/typed'
import { blankPerson, type TypedPerson } from '@/proof/typed'

export type Change = Schemas['AccountChange']

const flow = makeFlow({
  ask: () => answered(api.GET('/api/v1/account/change')),
  // The account tells whether there is a change; it is asked for only then.
  note: (change: Change | null) => {
    if (account.value === null) return
    account.value = { ...account.value, change_expires_at: change?.expires_at ?? null }
  },
  // The change counts the bank checks and the tries of a code, too.
  changes: ({ code, remaining }) => remaining !== undefined || code.startsWith('code_'),
  blank: () => ({
    name: '',
    bankCode: '',
    cardNumber: '',
    phone: '',
    /** For units: another person acts for it from now on. */
    otherAgent: false,
    ...blankPerson(),
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

/** A change as far as it is typed. */
export type Wanted = Omit<Schemas['ChangeAccount'], 'agent'> & {
  agent:
    | (Omit<Schemas['ChangeAgent'], 'document_type' | 'gender'> & {
        document_type: TypedPerson['documentType']
        gender: TypedPerson['gender']
      })
    | null
}

/** What is to be changed; `null` stays as it is. */
export function wanted(now: { bank_code: string }, needsCountry: boolean): Wanted {
  const bank = orNull(typed.bankCode)
  return {
    name: orNull(typed.name),
    bank_code: bank === now.bank_code && !typed.otherAgent ? null : bank,
    card_number: orNull(typed.cardNumber),
    phone: orNull(typed.phone),
    agent: typed.otherAgent
      ? {
          document_type: typed.documentType,
          document_number: typed.documentNumber.trim(),
          issuing_country: needsCountry ? typed.issuingCountry : null,
          gender: typed.gender,
          birth_date: typed.birthDate,
        }
      : null,
  }
}

/** What the server is asked for, once it is complete. */
export const complete = ({ agent, ...rest }: Wanted): Schemas['ChangeAccount'] => ({
  ...rest,
  agent: agent && {
    ...agent,
    document_type: chosen(agent.document_type),
    gender: chosen(agent.gender),
  },
})

/** Whether anything is to be changed. */
export const something = (wanted: Wanted): boolean =>
  Object.values(wanted).some((value) => value !== null)

/** Numbers in groups, as people compare them. */
export const grouped = (card: string): string => number(card).replace(/(.{4})(?=.)/g, '$1 ')

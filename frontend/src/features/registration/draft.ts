/** The registration of this browser, under a cookie, and its steps. */
import type { NavigationGuard } from 'vue-router'
import { answered, api, type Schemas } from '@/api/client'
import { makeRememberedFlow } from '@/flow/makeRememberedFlow'
import { blankPerson } from '@/proof/typed'

export type Registration = Schemas['Registration']

/** Refusals after which the draft on the server is another. */
const NOTED = ['username_taken', 'stage_conflict', 'code_wrong', 'code_dead']

export const {
  view: draft,
  typed,
  keep,
  drop,
  wipe,
  load,
  attempt,
  advance,
  isGone,
  find,
} = makeRememberedFlow({
  name: 'registration',
  ask: () => answered(api.GET('/api/v1/registrations/current')),
  isDone: ({ stage }: Registration) => stage === 'completed',
  // `remaining` counts the bank checks, as the draft does.
  changes: ({ code, remaining }) => remaining !== undefined || NOTED.includes(code),
  blank: () => ({
    userType: 'person' as Schemas['UserType'],
    username: '',
    unitName: '',
    creditCode: '',
    legalRepresentative: '',
    name: '',
    ...blankPerson(),
    bankCode: '',
    cardNumber: '',
    phone: '',
  }),
})

/** Where each stage goes on. */
export const stageRoute = {
  unit: 'register-unit',
  identity: 'register-identity',
  bank: 'register-bank',
  code: 'register-code',
  completed: 'register-done',
} as const satisfies Record<Registration['stage'], string>

const order = [
  'register',
  'register-unit',
  'register-identity',
  'register-bank',
  'register-code',
  'register-done',
]

/** The server's stage decides where one may be: back as far as one likes, forward no further. */
export const draftGuard: NavigationGuard = async (to) => {
  if (to.name === 'register-expired') return true
  const standing = await find()
  if (to.name === 'register') return true
  if (standing === 'expired') return { name: 'register-expired' }
  // What is done needs no words about its end.
  if (standing === 'done' && to.name === 'register-done') return { name: 'login' }
  const stage = draft.value?.stage
  const person = draft.value?.user_type !== 'unit'
  // An old address gets an explanation; a lost connection proves nothing.
  if (stage === undefined) {
    return standing === 'lost'
      ? { name: 'register' }
      : { name: 'register-expired', query: { open: 'none' } }
  }
  if (stage === 'completed') return to.name === 'register-done' || { name: 'register-done' }
  const furthest = stageRoute[stage]
  if (order.indexOf(String(to.name)) > order.indexOf(furthest)) return { name: furthest }
  if (to.name === 'register-unit' && person) return { name: furthest }
  return true
}

/** The recovery of this browser, under a cookie: of a username, or of a password by a new one. */
import type { NavigationGuard } from 'vue-router'
import { answered, api, type Schemas } from '@/api/client'
import { makeRememberedFlow } from '@/flow/makeRememberedFlow'
import { blankDocument } from '@/proof/typed'

export type Recovery = Schemas['Recovery']

export const {
  view: recovery,
  typed,
  keep,
  drop,
  wipe,
  advance,
  isGone,
  find,
} = makeRememberedFlow({
  name: 'recovery',
  ask: () => answered(api.GET('/api/v1/recoveries/current')),
  isDone: ({ stage }: Recovery) => stage === 'done',
  changes: ({ status, code }) => [409, 422].includes(status) && code !== 'validation_failed',
  blank: () => ({
    userType: 'person' as Schemas['UserType'],
    name: '',
    ...blankDocument(),
    unitName: '',
    creditCode: '',
    username: '',
    /** The phone of the registration. */
    phone: '',
    bankCode: '',
    cardNumber: '',
    /** The phone that is to take its place. */
    newPhone: '',
  }),
})

/** Whether a phone can be replaced where the recovery stands. */
const replaceable = ({ goal, stage, phone_replacement: replaced }: Recovery): boolean =>
  replaced?.done !== true && (stage === 'code' || (goal === 'password' && stage === 'identity'))

/** The steps that are open at each stage; the first is the one to go on with. */
function steps({ goal, stage, method }: Recovery): [string, ...string[]] {
  if (goal === 'username') return [`recover-username-${stage === 'done' ? 'done' : 'code'}`]
  switch (stage) {
    case 'identity':
      return ['recover-password-identity', 'recover-password-method']
    case 'code':
      return ['recover-password-code', 'recover-password-identity', 'recover-password-method']
    case 'questions':
      // As a second step they come after a code, and that one is used.
      return method === 'security_questions'
        ? ['recover-password-questions', 'recover-password-method']
        : ['recover-password-questions']
    default:
      return [`recover-password-${stage}`]
  }
}

/** Where a recovery goes on. */
export const goesOn = (known: Recovery): string => steps(known)[0]

/** Every page that may be seen now. */
export function openPages(known: Recovery): string[] {
  const pages: string[] = steps(known)
  if (!replaceable(known)) return pages
  const sent = known.phone_replacement?.stage === 'code'
  return [...pages, 'recover-phone', ...(sent ? ['recover-phone-code'] : [])]
}

/** The pages where the two recoveries begin. */
export const START = { username: 'recover-username', password: 'recover-password' } as const
const starts = Object.values(START) as string[]

/** The server's stage decides where one may be. */
export const recoveryGuard: NavigationGuard = async (to) => {
  const name = String(to.name)
  if (name === 'recover-expired') return true
  const standing = await find()
  if (starts.includes(name)) return true
  // What is done needs no words about its end.
  if (standing === 'done') return { name: 'login' }
  if (standing === 'expired') return { name: 'recover-expired' }
  if (recovery.value === null) {
    // Which of the two a phone was to be replaced for is not known any more.
    const start = starts.find((one) => name.startsWith(one))
    return start === undefined ? { name: 'help', hash: '#phone-disabled' } : { name: start }
  }
  return openPages(recovery.value).includes(name) || { name: goesOn(recovery.value) }
}

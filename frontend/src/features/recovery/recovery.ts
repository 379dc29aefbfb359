/**
 * The recovery of this browser: finding a username, or a new password. The
 * server keeps it, under a cookie; here are its view and, while the page is
 * open, what was typed. Nothing typed is ever stored.
 */
import { reactive, shallowRef } from 'vue'
import type { NavigationGuard } from 'vue-router'
import { answered, api, type Schemas } from '@/api/client'
import { ProblemError, problemFrom } from '@/api/problem'
import { stored } from '@/i18n/stored'

export type Recovery = Schemas['Recovery']

export const recovery = shallowRef<Recovery | null>(null)

const nothingTyped = () => ({
  userType: 'person',
  name: '',
  documentType: '',
  documentNumber: '',
  issuingCountry: '',
  unitName: '',
  creditCode: '',
  username: '',
  /** The phone of the registration. */
  phone: '',
  bankCode: '',
  cardNumber: '',
  /** The phone that is to take its place. */
  newPhone: '',
})
export const typed = reactive(nothingTyped())

const FLAG = 'recovery'

/** Takes the server's newest view. */
export function keep(newest: Recovery): Recovery {
  recovery.value = newest
  stored.set(FLAG, newest.stage === 'done' ? 'done' : 'open')
  return newest
}

/** Forgets the recovery; what was typed stays until the page is closed or the recovery is done. */
export function drop(): void {
  recovery.value = null
  stored.set(FLAG, null)
}

/** Forgets what was typed too. */
export function wipe(): void {
  Object.assign(typed, nothingTyped())
}

/** The recovery that the server has for this browser. */
export async function load(): Promise<Recovery | null> {
  try {
    return keep(await answered(api.GET('/api/v1/recoveries/current')))
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'flow_not_found') {
      drop()
      return null
    }
    throw error
  }
}

/** Takes one step. A refusal may have changed the recovery: tries are used up, the stage is another. */
export async function advance(send: () => Promise<Recovery>): Promise<Recovery> {
  try {
    return keep(await send())
  } catch (thrown) {
    const { status, code } = problemFrom(thrown)
    if ([409, 422].includes(status) && code !== 'validation_failed') {
      await load().catch(() => undefined)
    }
    throw thrown
  }
}

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
  const flag = stored.get(FLAG)
  if (recovery.value === null && flag !== null) {
    const found = await load().catch(() => undefined)
    // Where nothing was remembered, nothing may have been there.
    if (found === null && flag !== undefined && !starts.includes(name)) {
      // What is done needs no words about its end.
      return { name: flag === 'done' ? 'login' : 'recover-expired' }
    }
  }
  if (starts.includes(name)) return true
  if (recovery.value === null) {
    // Which of the two a phone was to be replaced for is not known any more.
    const start = starts.find((one) => name.startsWith(one))
    return start === undefined ? { name: 'help', hash: '#phone-disabled' } : { name: start }
  }
  return openPages(recovery.value).includes(name) || { name: goesOn(recovery.value) }
}

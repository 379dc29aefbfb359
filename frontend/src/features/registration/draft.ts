/**
 * The registration of this browser. The server keeps it, under a cookie; here
 * are its masked view and, while the page is open, what was typed, so that
 * going back or a lost connection loses nothing. Nothing typed is ever stored.
 */
import { reactive, shallowRef } from 'vue'
import type { NavigationGuard } from 'vue-router'
import { answered, api, type Schemas } from '@/api/client'
import { ProblemError } from '@/api/problem'
import { stored } from '@/i18n/stored'

export type Registration = Schemas['Registration']

export const draft = shallowRef<Registration | null>(null)

const nothingTyped = () => ({
  userType: 'person',
  username: '',
  unitName: '',
  creditCode: '',
  legalRepresentative: '',
  name: '',
  documentType: '',
  documentNumber: '',
  issuingCountry: '',
  gender: '',
  birthDate: '',
  bankCode: '',
  cardNumber: '',
  phone: '',
})
export const typed = reactive(nothingTyped())

const FLAG = 'registration'

/** Takes the server's newest view. */
export function keep(registration: Registration): Registration {
  draft.value = registration
  stored.set(FLAG, registration.stage === 'completed' ? 'done' : 'open')
  return registration
}

/** Forgets the draft; what was typed stays until the page is closed or the registration is done. */
export function drop(): void {
  draft.value = null
  stored.set(FLAG, null)
}

/** Forgets what was typed too. */
export function wipe(): void {
  Object.assign(typed, nothingTyped())
}

/** The draft that the server has for this browser. */
export async function load(): Promise<Registration | null> {
  try {
    return keep(await answered(api.GET('/api/v1/registrations/current')))
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'flow_not_found') {
      drop()
      return null
    }
    throw error
  }
}

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
  const flag = stored.get(FLAG)
  let lost = false
  if (draft.value === null && flag !== null) {
    const found = await load().catch(() => undefined)
    lost = found === undefined
    if (found === null && to.name !== 'register') {
      // Where nothing was remembered, nothing may have been there.
      if (flag === 'open') return { name: 'register-expired' }
      // What is done needs no words about its end.
      if (to.name === 'register-done') return { name: 'login' }
    }
  }
  const stage = draft.value?.stage
  const person = draft.value?.user_type !== 'unit'
  if (to.name === 'register') return true
  // Whoever comes with an old address is told; a lost connection proves nothing.
  if (stage === undefined)
    return lost ? { name: 'register' } : { name: 'register-expired', query: { open: 'none' } }
  if (stage === 'completed') return to.name === 'register-done' || { name: 'register-done' }
  const furthest = stageRoute[stage]
  if (order.indexOf(String(to.name)) > order.indexOf(furthest)) return { name: furthest }
  if (to.name === 'register-unit' && person) return { name: furthest }
  return true
}

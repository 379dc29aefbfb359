import { computed, shallowRef } from 'vue'
import { answered, api, type Schemas } from './client'

type Info = Schemas['ServiceInfo']

/** What is known of this installation; `null` until it has been asked. */
export const service = shallowRef<Info | null>(null)

/** The rules that Shiming is delivered with, for as long as the server has not told its own. */
const DELIVERED = {
  min_length: 8,
  max_length: 128,
  resend_seconds: 60,
  documents_per_flow: 3,
  bank_checks_per_flow: 5,
  bank_failures_per_day: 3,
  password_failures_before_lock: 5,
  password_lock_seconds: 900,
  wrong_sets: 5,
  closing_days: 15,
  changes_hold_hours: 72,
  password_fresh_minutes: 10,
  session_idle_minutes: 30,
  registration_idle_minutes: 30,
  registration_hours: 24,
  support_days: 400,
  audit_days: 400,
}

/** The numbers that texts name: an operator may have chosen others. */
export const rules = computed(() => {
  const { password, sms, limits, security_questions, account, retention } = (service.value ??
    {}) as Partial<Info>
  const known = {
    ...DELIVERED,
    ...password,
    ...sms,
    ...limits,
    ...security_questions,
    ...account,
    ...retention,
  }
  return { ...known, lock_minutes: Math.ceil(known.password_lock_seconds / 60) }
})

let asked: Promise<Info> | null = null

/** Asks once; after a failure the next caller asks again. */
export function loadService(): Promise<Info> {
  asked ??= answered(api.GET('/api/v1/service-info')).then(
    (info) => (service.value = info),
    (error: unknown) => {
      asked = null
      throw error
    },
  )
  return asked
}

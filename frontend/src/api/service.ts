import { computed, shallowRef } from 'vue'
import { answered, api, type Schemas } from './client'
import { DELIVERED } from './delivered.gen'

type Info = Schemas['ServiceInfo']

/** What the server tells of its rules, without the groups it tells it in. */
type Rules = Info['password'] &
  Info['sms'] &
  Info['limits'] &
  Info['security_questions'] &
  Info['account'] &
  Info['retention']

/** What is known of this installation; `null` until it has been asked. */
export const service = shallowRef<Info | null>(null)

/**
 * The numbers that texts name: those that the settings are delivered with, for as long as the
 * server has not told its own.
 */
export const rules = computed(() => {
  const { password, sms, limits, security_questions, account, retention } = (service.value ??
    {}) as Partial<Info>
  const known = {
    ...(DELIVERED satisfies Pick<Rules, keyof typeof DELIVERED>),
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

import { shallowRef } from 'vue'
import { answered, api, type Schemas } from './client'

/** What is known of this installation; `null` until it has been asked. */
export const service = shallowRef<Schemas['ServiceInfo'] | null>(null)

let asked: Promise<Schemas['ServiceInfo']> | null = null

/** Asks once; after a failure the next caller asks again. */
export function loadService(): Promise<Schemas['ServiceInfo']> {
  asked ??= answered(api.GET('/api/v1/service-info')).then(
    (info) => (service.value = info),
    (error: unknown) => {
      asked = null
      throw error
    },
  )
  return asked
}

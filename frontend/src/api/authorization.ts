/**
 * The sign-in to a business system that waits in this browser, while the person
 * signs in, registers or recovers what was forgotten. The server keeps it,
 * under a cookie; here is what it tells of it.
 */
import { shallowRef } from 'vue'
import { language } from '@/i18n'
import { stored } from '@/i18n/stored'
import { answered, api, type Schemas } from './client'
import { ProblemError } from './problem'

export type Authorization = Schemas['Authorization']

export const waiting = shallowRef<Authorization | null>(null)

/** Whether one was seen here: other browsers need not ask. */
const FLAG = 'authorization'

/** Takes the server's newest view. */
export function keepWaiting(authorization: Authorization): Authorization {
  waiting.value = authorization
  stored.set(FLAG, 'yes')
  return authorization
}

/** It is over. */
export function dropWaiting(): void {
  waiting.value = null
  stored.set(FLAG, null)
}

/** Asks whether one still waits. Nothing is lost where nobody can tell. */
export async function loadWaiting(): Promise<void> {
  if (stored.get(FLAG) === null) return
  try {
    keepWaiting(await answered(api.GET('/api/v1/authorizations/current')))
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404) dropWaiting()
  }
}

export type System = Authorization['client']

/** What a business system is called in the language of the page. */
export const systemName = ({ name, name_en }: System): string =>
  (language() === 'en' ? name_en : null) ?? name

/** Who runs it. */
export const ownerName = ({ owner, owner_en }: System): string =>
  (language() === 'en' ? owner_en : null) ?? owner

import createClient from 'openapi-fetch'
import { offline, ProblemError, problemOf } from './problem'
import type { components, paths } from './schema.gen'
import { learnTime } from './time'

export type Schemas = components['schemas']

/** The API, typed by its own description. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => window.fetch(request),
  headers: { 'Content-Type': 'application/json' },
})

api.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', document.documentElement.lang)
    return request
  },
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of an answer. Throws a {@link ProblemError} when there is none. */
export async function answered<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await request
  } catch {
    throw new ProblemError(offline())
  }
  learnTime(answer.response.headers.get('Date'))
  if (!answer.response.ok) throw new ProblemError(problemOf(answer.error, answer.response.status))
  return answer.data as T
}

/**
 * A key for one action of the person (`Idempotency-Key`): the same while the
 * same request is repeated, a new one as soon as anything in it changes.
 */
export function actionKey(): (body: unknown) => { 'Idempotency-Key': string } {
  let last = ''
  let key = ''
  return (body) => {
    const text = JSON.stringify(body)
    if (text !== last || key === '') {
      last = text
      key = randomKey()
    }
    return { 'Idempotency-Key': key }
  }
}

// crypto.randomUUID is missing on pages served without https and before Chrome 92.
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

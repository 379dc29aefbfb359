import createClient from 'openapi-fetch'
import { offline, problemFrom, ProblemError, problemOf, type Problem } from './problem'
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

/** Answers after which the same request may still have its effect. */
const passing = (problem: Problem): boolean =>
  problem.code === 'offline' || problem.code === 'request_in_progress' || problem.status >= 500

/**
 * Sends one action of the person with an `Idempotency-Key`. While no answer
 * settles it, the same body is sent with the same key, so that it has its
 * effect once; after an answer, or with another body, it is a new action.
 */
export function repeatable(): <T>(
  body: unknown,
  send: (header: { 'Idempotency-Key': string }) => Promise<Answer<T>>,
) => Promise<T> {
  let last = ''
  let key = ''
  return async (body, send) => {
    const text = JSON.stringify(body)
    if (text !== last || key === '') {
      last = text
      key = randomKey()
    }
    try {
      const answer = await answered(send({ 'Idempotency-Key': key }))
      key = ''
      return answer
    } catch (thrown) {
      if (!passing(problemFrom(thrown))) key = ''
      throw thrown
    }
  }
}

// crypto.randomUUID is missing on pages served without https and before Chrome 92.
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

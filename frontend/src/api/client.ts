import type { Client } from 'openapi-fetch'
import { noteUse } from './idle'
import { offline, problemFrom, ProblemError, problemOf, type Problem } from './problem'
import type { components, paths } from './schema.gen'
import { learnTime } from './time'

export type Schemas = components['schemas']

interface Parts {
  params?: Partial<Record<'path' | 'query' | 'header', Record<string, string | number>>>
  body?: unknown
}

/** Sends one request. */
async function request(method: string, path: string, { params = {}, body }: Parts = {}) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params.path?.[name] ?? ''),
  )
  const url = new URL(filled, window.location.origin)
  for (const [name, value] of Object.entries(params.query ?? {})) {
    url.searchParams.set(name, String(value))
  }
  const headers = new Headers({
    'Content-Type': 'application/json',
    'Accept-Language': document.documentElement.lang,
  })
  for (const [name, value] of Object.entries(params.header ?? {})) headers.set(name, String(value))
  const response = await window.fetch(
    new Request(url, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  const content: unknown = !response.ok ? parsed(text) : text === '' ? undefined : JSON.parse(text)
  learnTime(response.headers.get('Date'))
  if (!response.ok) return { error: content, response }
  noteUse(path)
  return { data: content, response }
}

/** A proxy refuses in whatever it likes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * The API, typed by its own description and as openapi-fetch types it. What
 * that can do besides would be a thirtieth of the login page.
 */
export const api = Object.fromEntries(
  ['GET', 'POST', 'PUT', 'DELETE'].map((method) => [
    method,
    (path: string, parts?: Parts) => request(method, path, parts),
  ]),
) as unknown as Pick<Client<paths>, 'GET' | 'POST' | 'PUT' | 'DELETE'>

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

import type { components } from './schema.gen'

/** What the API says when it refuses (RFC 9457), and `offline` when nothing was said. */
export type Problem = Omit<components['schemas']['ProblemDocument'], 'code'> & {
  code: components['schemas']['ProblemCode'] | 'offline'
}

/** A refused or failed request. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code)
    this.name = 'ProblemError'
  }
}

function made(code: Problem['code'], status: number): Problem {
  return { code, status, type: '', title: '', detail: '', request_id: '' }
}

/** Nothing reached the server, or nothing came back. */
export const offline = (): Problem => made('offline', 0)

/** The problem in an answer; a proxy may answer without one. */
export function problemOf(body: unknown, status: number): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body) return body as Problem
  if (status === 503 || status === 502 || status === 504) return made('overloaded', status)
  if (status === 429) return made('too_many_requests', status)
  return made('internal', status)
}

/** The problem behind whatever was thrown. */
export function problemFrom(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem
  throw thrown
}

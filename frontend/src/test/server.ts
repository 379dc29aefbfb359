import { vi } from 'vitest'

type Answers = Record<string, { status?: number; body?: unknown }>

/** Answers requests by `METHOD /path`, and tells what was sent. */
export function serve(answers: Answers): { calls: { request: string; body: unknown }[] } {
  const calls: { request: string; body: unknown }[] = []
  vi.spyOn(window, 'fetch').mockImplementation(async (input) => {
    const request = input as Request
    const name = `${request.method} ${new URL(request.url).pathname.replace('/api/v1', '')}`
    const text = await request.clone().text()
    calls.push({ request: name, body: text === '' ? null : (JSON.parse(text) as unknown) })
    const { status = 200, body = {} } = answers[name] ?? { status: 404 }
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'Content-Type': 'application/json' },
    })
  })
  return { calls }
}

/** The body of a refusal. */
export const refusal = (
  status: number,
  code: string,
  more: Record<string, unknown> = {},
): { status: number; body: unknown } => ({ status, body: { status, code, ...more } })

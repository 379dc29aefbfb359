import { describe, expect, it } from 'vitest'
import schema from '../api/schema.gen.ts?raw'

type Node = { [key: string]: Node } | string
const files = import.meta.glob<{ default: Node }>('./locales/*/*.json', {
  eager: true,
  query: '?raw',
})
const read = (language: string, name: string): Node => {
  const file = files[`./locales/${language}/${name}.json`]
  return JSON.parse(file?.default as unknown as string) as Node
}
const names = [
  ...new Set(Object.keys(files).map((path) => /([\w-]+)\.json$/.exec(path)?.[1] ?? '')),
]

/** Every message by its path. */
function messages(node: Node, path = ''): Map<string, string> {
  if (typeof node === 'string') return new Map([[path, node]])
  return new Map(
    Object.entries(node).flatMap(([key, next]) => [
      ...messages(next, path ? `${path}.${key}` : key),
    ]),
  )
}
const placeholders = (message: string) =>
  [...message.matchAll(/\{(\w+)\}/g)].map(([, n]) => n).sort()

describe.each(names)('%s', (name) => {
  const chinese = messages(read('zh-CN', name))
  const english = messages(read('en', name))

  it('has the same keys in both languages', () => {
    expect([...english.keys()]).toEqual([...chinese.keys()])
  })

  it('has the same placeholders in both languages, and no empty message', () => {
    for (const [path, message] of chinese) {
      expect(message.trim(), path).not.toBe('')
      expect(english.get(path)?.trim(), path).not.toBe('')
      expect(placeholders(english.get(path) ?? ''), path).toEqual(placeholders(message))
    }
  })
})

it('has words for every problem that a page can meet', () => {
  // These are about how a client is written, or belong to apps only.
  const notForPages = [
    'malformed_request',
    'not_found',
    'method_not_allowed',
    'payload_too_large',
    'unsupported_media_type',
    'idempotency_key_reused',
    'idempotency_key_invalid',
    'refresh_token_invalid',
    'refresh_token_reused',
    'sandbox_only',
    // Business systems meet these, people do not.
    'token_invalid',
    'scope_insufficient',
    'client_not_found',
    'user_not_found',
    'cursor_invalid',
    'webhook_not_found',
  ]
  const [, codes = ''] = /ProblemCode: ([^;]+);/.exec(schema) ?? []
  const wanted = codes
    .split(' | ')
    .map((code) => code.replaceAll('"', ''))
    .filter((code) => !notForPages.includes(code))
  const problems = names.flatMap((name) => {
    const file = read('zh-CN', name) as Record<'problems' | 'errors', Record<string, Node>>
    // What is about a field has its words there.
    const fields = Object.values(file.errors ?? {}).flatMap((field) => Object.keys(field))
    return [...Object.keys(file.problems ?? {}), ...fields.filter((code) => wanted.includes(code))]
  })
  expect([...new Set(problems)].sort()).toEqual([...wanted, 'offline'].sort())
})

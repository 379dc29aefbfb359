import { render } from '@testing-library/vue'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Schemas } from '@/api/client'
import { service } from '@/api/service'
import TextBlocks from './TextBlocks.vue'
import type { Block } from './textBlocks'

type Node = { [key: string]: Node } | Node[] | string
const files = import.meta.glob<{ default: Node }>('../features/*/content/*.json', { eager: true })
const read = (feature: string, language: string) =>
  files[`../features/${feature}/content/${language}.json`]?.default as Node

const PLACEHOLDER = /\{(\w+)\}/g
const placeholders = (text: string) => (text.match(PLACEHOLDER) ?? []).sort()

/** What must not depend on the language: how a text is divided, where it leads, what is filled in. */
function outline(node: Node, key = ''): unknown {
  if (typeof node === 'string') return ['id', 'to'].includes(key) ? node : placeholders(node)
  if (Array.isArray(node)) return node.map((one) => outline(one))
  return Object.fromEntries(Object.entries(node).map(([name, next]) => [name, outline(next, name)]))
}

function pieces(node: Node): string[] {
  if (typeof node === 'string') return [node]
  return Object.values(node).flatMap((one) => pieces(one as Node))
}

/** Every list of blocks in a file. */
function texts(node: Node): Block[][] {
  if (typeof node === 'string') return []
  return Object.entries(node).flatMap(([key, next]) =>
    key === 'blocks' ? [next as unknown as Block[]] : texts(next),
  )
}

/** Numbers that no setting changes: a cipher, the banks, a purge of the worker, the law, headings. */
const FIXED = /AES-256-GCM|12 (?:家|banks|partner)|\b7 (?:天|days)|under 14|^\d\. /g

const info = {
  contact: { phone: ['12345'], email: 'help@example.gov.cn', return_url: null },
  limits: { bank_failures_per_day: 61 },
  retention: {
    registration_idle_minutes: 62,
    registration_hours: 63,
    audit_days: 64,
    support_days: 65,
  },
} as unknown as Schemas['ServiceInfo']

beforeEach(() => (service.value = null))

describe.each(['help', 'legal'])('%s', (feature) => {
  it('is divided alike in both languages', () => {
    expect(outline(read(feature, 'en'))).toEqual(outline(read(feature, 'zh-CN')))
  })

  describe.each(['zh-CN', 'en'])('%s', (language) => {
    it('names no number itself that an operator may change', () => {
      const numbers = pieces(read(feature, language))
        .map((text) => text.replace(FIXED, '').replace(PLACEHOLDER, ''))
        .filter((text) => /\d/.test(text) && !text.startsWith('/'))
      expect(numbers).toEqual([])
    })

    it('names the numbers of this installation', () => {
      service.value = info
      const shown = texts(read(feature, language))
        .map((blocks) => {
          const { container } = render(TextBlocks, {
            props: { blocks, more: { version: '2026-11-01' } },
            global: { stubs: { RouterLink: true } },
          })
          return container.textContent
        })
        .join('\n')
      expect(shown).not.toMatch(/undefined|[{}]/)
      const named = feature === 'help' ? [61] : [62, 63, 64, 65]
      for (const number of named) expect(shown).toMatch(new RegExp(`\\b${number} `))
    })
  })
})

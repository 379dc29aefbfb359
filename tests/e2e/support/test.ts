/** What every browser test has: a language, a clean page, texts by key, and the sandbox. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import type axe from 'axe-core'
import en from '../../../frontend/src/i18n/locales/en/core.json' with { type: 'json' }
import enAccount from '../../../frontend/src/i18n/locales/en/account.json' with { type: 'json' }
import enAuthorize from '../../../frontend/src/i18n/locales/en/authorize.json' with { type: 'json' }
import enHelp from '../../../frontend/src/i18n/locales/en/help.json' with { type: 'json' }
import enItems from '../../../frontend/src/i18n/locales/en/items.json' with { type: 'json' }
import enRecords from '../../../frontend/src/i18n/locales/en/records.json' with { type: 'json' }
import enProof from '../../../frontend/src/i18n/locales/en/proof.json' with { type: 'json' }
import enRecovery from '../../../frontend/src/i18n/locales/en/recovery.json' with { type: 'json' }
import enRegistration from '../../../frontend/src/i18n/locales/en/registration.json' with { type: 'json' }
import enQuestions from '../../../frontend/src/i18n/locales/en/questions.json' with { type: 'json' }
import enSandbox from '../../../frontend/src/i18n/locales/en/sandbox.json' with { type: 'json' }
import enSystems from '../../../frontend/src/i18n/locales/en/systems.json' with { type: 'json' }
import zh from '../../../frontend/src/i18n/locales/zh-CN/core.json' with { type: 'json' }
import zhAccount from '../../../frontend/src/i18n/locales/zh-CN/account.json' with { type: 'json' }
import zhAuthorize from '../../../frontend/src/i18n/locales/zh-CN/authorize.json' with { type: 'json' }
import zhHelp from '../../../frontend/src/i18n/locales/zh-CN/help.json' with { type: 'json' }
import zhItems from '../../../frontend/src/i18n/locales/zh-CN/items.json' with { type: 'json' }
import zhRecords from '../../../frontend/src/i18n/locales/zh-CN/records.json' with { type: 'json' }
import zhProof from '../../../frontend/src/i18n/locales/zh-CN/proof.json' with { type: 'json' }
import zhRecovery from '../../../frontend/src/i18n/locales/zh-CN/recovery.json' with { type: 'json' }
import zhRegistration from '../../../frontend/src/i18n/locales/zh-CN/registration.json' with { type: 'json' }
import zhQuestions from '../../../frontend/src/i18n/locales/zh-CN/questions.json' with { type: 'json' }
import zhSandbox from '../../../frontend/src/i18n/locales/zh-CN/sandbox.json' with { type: 'json' }
import zhSystems from '../../../frontend/src/i18n/locales/zh-CN/systems.json' with { type: 'json' }

export type Language = 'zh-CN' | 'en'
export interface Options {
  language: Language
}

const all = {
  'zh-CN': {
    core: zh,
    proof: zhProof,
    registration: zhRegistration,
    account: zhAccount,
    questions: zhQuestions,
    records: zhRecords,
    help: zhHelp,
    recovery: zhRecovery,
    sandbox: zhSandbox,
    authorize: zhAuthorize,
    items: zhItems,
    systems: zhSystems,
  },
  en: {
    core: en,
    proof: enProof,
    registration: enRegistration,
    account: enAccount,
    questions: enQuestions,
    records: enRecords,
    help: enHelp,
    recovery: enRecovery,
    sandbox: enSandbox,
    authorize: enAuthorize,
    items: enItems,
    systems: enSystems,
  },
}
export type Texts = (typeof all)['zh-CN']

declare global {
  interface Window {
    axe: typeof axe
  }
}
const source = readFileSync(
  join(import.meta.dirname, '../node_modules/axe-core/axe.min.js'),
  'utf8',
)

/** What axe finds; the page keeps axe until it is left, because it takes long to read. */
async function violations(page: Page): Promise<string[]> {
  // Into a frame it would not look.
  expect(page.frames(), 'pages have no frames').toHaveLength(1)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source)
  return page.evaluate(async () => {
    const found = await window.axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      // Nobody reads what is right.
      resultTypes: ['violations'],
    })
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`)
  })
}

/** The hardest way to look at the pages to come: large text, dark, 320 pixels wide. */
export async function hardest(page: Page): Promise<void> {
  await page.addInitScript(() => localStorage.setItem('shiming.large-text', 'yes'))
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 320, height: 640 })
}

interface Fixtures extends Options {
  /** The client's own texts in the language of the project. */
  texts: Texts
  /** Looks at the page with axe; nothing may be found. */
  accessible: (where: string) => Promise<void>
  /** Statuses that the browser may complain about in this test. */
  expected: { statuses: number[] }
}

export const test = base.extend<Fixtures>({
  language: ['zh-CN', { option: true }],
  texts: async ({ language }, use) => use(all[language]),
  expected: async ({}, use) => use({ statuses: [] }),
  page: async ({ page, expected }, use) => {
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      const status = /status of (\d+)/.exec(message.text())?.[1]
      if (status !== undefined && expected.statuses.includes(Number(status))) return
      complaints.push(message.text())
    })
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`)
      })
    })
    await use(page)
    expect(complaints, 'the console stays silent').toEqual([])
  },
  accessible: async ({ page }, use) => {
    await use(async (where) => {
      await page.locator('h1').waitFor()
      // Colours on their way from one to another are not what anybody reads: from now
      // on they change at once.
      await page.emulateMedia({ reducedMotion: 'reduce' })
      expect(await violations(page), where).toEqual([])
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(wide, `${where} does not scroll sideways`).toBeLessThanOrEqual(0)
    })
  },
})

export { expect, type Page }

/** A message with its placeholders filled in. */
export function fill(message: string, values: Record<string, string | number>): string {
  return message
    .replace(/\{'(.)'\}/g, '$1')
    .replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
}

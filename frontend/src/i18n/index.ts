/** Languages: messages are compiled when the client is built and loaded by the folder they belong to. */
import { createI18n, registerMessageResolver } from 'petite-vue-i18n'
import type { MessageResolver } from '@intlify/core-base'
import type { Ref } from 'vue'
import type core from './locales/zh-CN/core.json'
import type proof from './locales/zh-CN/proof.json'
import type registration from './locales/zh-CN/registration.json'
import type help from './locales/zh-CN/help.json'
import type records from './locales/zh-CN/records.json'
import type account from './locales/zh-CN/account.json'
import type questions from './locales/zh-CN/questions.json'
import type recovery from './locales/zh-CN/recovery.json'
import type sandbox from './locales/zh-CN/sandbox.json'
import type authorize from './locales/zh-CN/authorize.json'
import type items from './locales/zh-CN/items.json'
import type systems from './locales/zh-CN/systems.json'
import { stored } from './stored'

export interface Messages {
  core: typeof core
  proof: typeof proof
  registration: typeof registration
  help: typeof help
  account: typeof account
  questions: typeof questions
  records: typeof records
  recovery: typeof recovery
  sandbox: typeof sandbox
  authorize: typeof authorize
  items: typeof items
  systems: typeof systems
}
export type Namespace = keyof Messages

declare module 'petite-vue-i18n' {
  // The keys of the Chinese files are the keys there are.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface DefineLocaleMessage extends Messages {}
}

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** What stands at a path such as `core.login.title`. */
const messageAt = (messages: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (node, part) => (node as Record<string, unknown> | undefined)?.[part],
      messages,
    )

registerMessageResolver(
  (messages, path) => (messageAt(messages, path) ?? null) as ReturnType<MessageResolver>,
)

export const i18n = createI18n({
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: {} as Record<Language, Messages>,
})

/** `createI18n` promises less than it makes: the locale is a reference. */
const locale = i18n.global.locale as unknown as Ref<Language>

type MessageFile = { default: Record<string, unknown> }
const files = import.meta.glob<MessageFile>('./locales/*/*.json')
const wanted = new Set<Namespace>(['core'])
const loaded = new Set<string>()

async function load(language: Language): Promise<void> {
  const missing = [...wanted].filter((namespace) => !loaded.has(`${language}/${namespace}`))
  await Promise.all(
    missing.map(async (namespace) => {
      const file = await files[`./locales/${language}/${namespace}.json`]?.()
      i18n.global.mergeLocaleMessage(language, { [namespace]: file?.default })
      loaded.add(`${language}/${namespace}`)
    }),
  )
}

/** Makes the messages of a page available in its language. */
export function loadMessages(...namespaces: Namespace[]): Promise<void> {
  for (const one of namespaces) wanted.add(one)
  return load(language())
}

/** Returns the key of the first path that has a message; each path is looked up in the namespaces in order. */
export function keyOf(words: readonly Namespace[], ...paths: string[]): string | undefined {
  const messages = i18n.global.getLocaleMessage(language())
  const keys = paths.flatMap((path) => words.map((namespace) => `${namespace}.${path}`))
  return keys.find((key) => messageAt(messages, key) !== undefined)
}

/** The language of the page. */
export function language(): Language {
  return locale.value
}

async function speak(next: Language): Promise<void> {
  await load(next)
  locale.value = next
  document.documentElement.lang = next
}

/** Switches the language of the page and remembers it. */
export async function setLanguage(next: Language): Promise<void> {
  await speak(next)
  stored.set('language', next)
}

const kept = (name: string) => LANGUAGES.find((one) => one === stored.get(name))

/** What a business system speaks with the person; who has chosen keeps what was chosen. */
export async function suggestLanguage(next: Language): Promise<void> {
  stored.set('suggested', next)
  if (kept('language') === undefined) await speak(next)
}

/** Chinese, unless the person chose otherwise or the browser knows no Chinese. */
export function startLanguage(): Promise<void> {
  const chinese = navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh'))
  const english = navigator.languages[0]?.toLowerCase().startsWith('en') === true
  return speak(kept('language') ?? kept('suggested') ?? (english && !chinese ? 'en' : 'zh-CN'))
}

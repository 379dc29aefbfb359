/** What the server offers to choose from. Asked once; after a failure the next caller asks again. */
import { shallowRef, type ShallowRef } from 'vue'
import { language } from '@/i18n'
import { answered, api, type Schemas } from './client'
import { awaited } from './waiting'

export const banks = shallowRef<Schemas['BankView'][]>([])
export const documentTypes = shallowRef<Schemas['DocumentTypeView'][]>([])

async function fill<T>(list: ShallowRef<T[]>, ask: () => Promise<{ items: T[] }>): Promise<void> {
  if (list.value.length === 0) list.value = (await awaited(ask())).items
}

export const loadBanks = (): Promise<void> => fill(banks, () => answered(api.GET('/api/v1/banks')))

export const loadDocumentTypes = (): Promise<void> =>
  fill(documentTypes, () => answered(api.GET('/api/v1/document-types')))

/** The name of an entry in the language of the page. */
export function nameOf(
  list: readonly { code: string; name: string; name_en: string }[],
  code: string,
): string {
  const found = list.find((one) => one.code === code)
  return (language() === 'en' ? found?.name_en : found?.name) ?? code
}

/** The entries as a select takes them. */
export const optionsOf = <C extends string>(
  list: readonly { code: C; name: string; name_en: string }[],
): { value: C; text: string }[] =>
  list.map(({ code }) => ({ value: code, text: nameOf(list, code) }))

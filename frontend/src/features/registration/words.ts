import type { Namespace } from '@/i18n'

/** Where the pages of registration have their words for what is wrong; the first has the first word. */
export const WORDS: readonly Namespace[] = ['registration', 'proof']

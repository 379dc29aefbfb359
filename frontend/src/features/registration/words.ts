import type { Namespace } from '@/i18n'

/** Namespaces with the messages of these pages, in order of precedence. */
export const WORDS: readonly Namespace[] = ['registration', 'proof']

import { signedInGuard } from '@/api/session'
import { loadMessages, type Namespace } from '@/i18n'
import type { View, Views } from './group'

export const guard = signedInGuard

/** Words that only the pages with long lists have. */
const withWords =
  (view: View, ...words: Namespace[]): View =>
  async () =>
    (await Promise.all([view(), loadMessages(...words)]))[0]

export const views: Views<'account'> = {
  account: () => import('@/features/account/InformationPage.vue'),
  'account-change': () => import('@/features/account/ChangePage.vue'),
  'account-change-code': () => import('@/features/account/ChangeCodePage.vue'),
  'account-password': () => import('@/features/account/PasswordPage.vue'),
  'account-questions': () => import('@/features/account/QuestionsPage.vue'),
  'account-history': withWords(() => import('@/features/account/HistoryPage.vue'), 'records'),
  'account-systems': withWords(
    () => import('@/features/account/SystemsPage.vue'),
    'items',
    'systems',
  ),
  'account-checks': withWords(() => import('@/features/account/ChecksPage.vue'), 'systems'),
  'account-export': withWords(() => import('@/features/account/ExportPage.vue'), 'help', 'records'),
  'account-closure': () => import('@/features/account/ClosurePage.vue'),
}

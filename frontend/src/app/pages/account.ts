import { signedInGuard } from '@/api/session'
import { loadMessages, type Namespace } from '@/i18n'
import type { View, Views } from './group'

export const guard = signedInGuard

/** Words that only some pages have; the last of them have the first word. */
const withWords =
  (view: View, ...words: Namespace[]): View =>
  async () =>
    (await Promise.all([view(), loadMessages(...words)]))[0]

/** Pages with fields that other flows have, too. */
const proving = (view: View): View => withWords(view, 'proof', 'account')

export const views: Views<'account'> = {
  account: proving(() => import('@/features/account/InformationPage.vue')),
  'account-change': proving(() => import('@/features/account/ChangePage.vue')),
  'account-change-code': proving(() => import('@/features/account/ChangeCodePage.vue')),
  'account-password': proving(() => import('@/features/account/PasswordPage.vue')),
  'account-questions': withWords(() => import('@/features/account/QuestionsPage.vue'), 'questions'),
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

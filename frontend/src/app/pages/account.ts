import { signedInGuard } from '@/api/session'
import { loadMessages, type Namespace } from '@/i18n'
import type { View, Views } from './group'

export const guard = signedInGuard

/** Words that only some pages have. */
const withWords =
  (view: View, ...words: Namespace[]): View =>
  async () =>
    (await Promise.all([view(), loadMessages(...words)]))[0]

/** Pages with fields that other flows have, too. */
const proving = (view: View): View => withWords(view, 'proof')

export const views: Views<'account'> = {
  account: proving(() => import('@/features/account/InformationPage.vue')),
  'account-change': proving(() => import('@/features/account/change/ChangePage.vue')),
  'account-change-code': proving(() => import('@/features/account/change/ChangeCodePage.vue')),
  'account-password': proving(() => import('@/features/account/PasswordPage.vue')),
  'account-questions': withWords(
    () => import('@/features/account/questions/QuestionsPage.vue'),
    'questions',
  ),
  'account-history': withWords(
    () => import('@/features/account/history/HistoryPage.vue'),
    'records',
  ),
  'account-systems': withWords(
    () => import('@/features/account/systems/SystemsPage.vue'),
    'items',
    'systems',
  ),
  'account-checks': withWords(() => import('@/features/account/systems/ChecksPage.vue'), 'systems'),
  'account-export': withWords(
    () => import('@/features/account/export/ExportPage.vue'),
    'help',
    'records',
  ),
  'account-closure': () => import('@/features/account/closure/ClosurePage.vue'),
}

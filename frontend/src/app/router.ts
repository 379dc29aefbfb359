import { nextTick, ref } from 'vue'
import {
  createRouter,
  createWebHistory,
  type NavigationGuardWithThis,
  type RouteRecordRaw,
} from 'vue-router'
import { page } from '@/forms/page'
import { i18n, loadMessages, type Namespace } from '@/i18n'
import { signedInGuard, signedOutGuard } from '@/api/session'
import { paths } from './paths'

declare module 'vue-router' {
  interface RouteMeta {
    /** Messages of the page, besides those of every page; the last have the first word. */
    messages?: Namespace[]
  }
}

/** Only those who register or recover need what that knows. */
const draftGuard: NavigationGuardWithThis<undefined> = async (...step) =>
  (await import('@/features/registration/draft')).draftGuard.apply(undefined, step)

const registration = {
  meta: { messages: ['proof', 'registration'] },
  beforeEnter: draftGuard,
} satisfies Partial<RouteRecordRaw>

const account = {
  meta: { messages: ['proof', 'account'] },
  beforeEnter: signedInGuard,
} satisfies Partial<RouteRecordRaw>

const recoveryGuard: NavigationGuardWithThis<undefined> = async (...step) =>
  (await import('@/features/recovery/recovery')).recoveryGuard.apply(undefined, step)

const recovery = {
  meta: { messages: ['proof', 'recovery'] },
  beforeEnter: recoveryGuard,
} satisfies Partial<RouteRecordRaw>

const routes: RouteRecordRaw[] = [
  {
    name: 'login',
    path: paths.login,
    component: () => import('@/features/login/LoginPage.vue'),
    beforeEnter: signedOutGuard,
  },
  {
    name: 'register',
    path: paths.register,
    component: () => import('@/features/registration/CredentialsPage.vue'),
    ...registration,
  },
  {
    name: 'register-unit',
    path: paths['register-unit'],
    component: () => import('@/features/registration/UnitPage.vue'),
    ...registration,
  },
  {
    name: 'register-identity',
    path: paths['register-identity'],
    component: () => import('@/features/registration/IdentityPage.vue'),
    ...registration,
  },
  {
    name: 'register-bank',
    path: paths['register-bank'],
    component: () => import('@/features/registration/BankPage.vue'),
    ...registration,
  },
  {
    name: 'register-code',
    path: paths['register-code'],
    component: () => import('@/features/registration/CodePage.vue'),
    ...registration,
  },
  {
    name: 'register-done',
    path: paths['register-done'],
    component: () => import('@/features/registration/DonePage.vue'),
    ...registration,
  },
  {
    name: 'register-expired',
    path: paths['register-expired'],
    component: () => import('@/features/registration/ExpiredPage.vue'),
    meta: { messages: ['proof', 'registration'] },
  },
  {
    name: 'account',
    path: paths.account,
    component: () => import('@/features/account/InformationPage.vue'),
    ...account,
  },
  {
    name: 'account-change',
    path: paths['account-change'],
    component: () => import('@/features/account/ChangePage.vue'),
    ...account,
  },
  {
    name: 'account-change-code',
    path: paths['account-change-code'],
    component: () => import('@/features/account/ChangeCodePage.vue'),
    ...account,
  },
  {
    name: 'account-password',
    path: paths['account-password'],
    component: () => import('@/features/account/PasswordPage.vue'),
    ...account,
  },
  {
    name: 'account-questions',
    path: paths['account-questions'],
    component: () => import('@/features/account/QuestionsPage.vue'),
    ...account,
  },
  {
    name: 'account-history',
    path: paths['account-history'],
    component: () => import('@/features/account/HistoryPage.vue'),
    ...account,
    meta: { messages: ['proof', 'account', 'records'] },
  },
  {
    name: 'account-export',
    path: paths['account-export'],
    component: () => import('@/features/account/ExportPage.vue'),
    ...account,
    meta: { messages: ['proof', 'account', 'records'] },
  },
  {
    name: 'account-closure',
    path: paths['account-closure'],
    component: () => import('@/features/account/ClosurePage.vue'),
    ...account,
  },
  {
    name: 'recover-username',
    path: paths['recover-username'],
    component: () => import('@/features/recovery/UsernamePage.vue'),
    ...recovery,
  },
  {
    name: 'recover-username-code',
    path: paths['recover-username-code'],
    component: () => import('@/features/recovery/CodePage.vue'),
    props: { goal: 'username' },
    ...recovery,
  },
  {
    name: 'recover-username-done',
    path: paths['recover-username-done'],
    component: () => import('@/features/recovery/DonePage.vue'),
    props: { goal: 'username' },
    ...recovery,
  },
  {
    name: 'recover-password',
    path: paths['recover-password'],
    component: () => import('@/features/recovery/PasswordPage.vue'),
    ...recovery,
  },
  {
    name: 'recover-password-method',
    path: paths['recover-password-method'],
    component: () => import('@/features/recovery/MethodPage.vue'),
    ...recovery,
  },
  {
    name: 'recover-password-identity',
    path: paths['recover-password-identity'],
    component: () => import('@/features/recovery/IdentityPage.vue'),
    ...recovery,
  },
  {
    name: 'recover-password-code',
    path: paths['recover-password-code'],
    component: () => import('@/features/recovery/CodePage.vue'),
    props: { goal: 'password' },
    ...recovery,
  },
  {
    name: 'recover-password-questions',
    path: paths['recover-password-questions'],
    component: () => import('@/features/recovery/QuestionsPage.vue'),
    ...recovery,
  },
  {
    name: 'recover-password-reset',
    path: paths['recover-password-reset'],
    component: () => import('@/features/recovery/ResetPage.vue'),
    ...recovery,
  },
  {
    name: 'recover-password-done',
    path: paths['recover-password-done'],
    component: () => import('@/features/recovery/DonePage.vue'),
    props: { goal: 'password' },
    ...recovery,
  },
  {
    name: 'recover-phone',
    path: paths['recover-phone'],
    component: () => import('@/features/recovery/PhonePage.vue'),
    ...recovery,
  },
  {
    name: 'recover-phone-code',
    path: paths['recover-phone-code'],
    component: () => import('@/features/recovery/PhoneCodePage.vue'),
    ...recovery,
  },
  {
    name: 'recover-expired',
    path: paths['recover-expired'],
    component: () => import('@/features/recovery/ExpiredPage.vue'),
    meta: { messages: ['recovery'] },
  },
  {
    name: 'help',
    path: paths.help,
    component: () => import('@/features/help/HelpPage.vue'),
  },
  {
    name: 'help-write',
    path: paths['help-write'],
    component: () => import('@/features/help/WritePage.vue'),
    meta: { messages: ['help'] },
  },
  {
    name: 'help-written',
    path: paths['help-written'],
    component: () => import('@/features/help/WrittenPage.vue'),
    meta: { messages: ['help'] },
  },
  {
    name: 'legal',
    path: paths.legal,
    component: () => import('@/features/legal/LegalPage.vue'),
    props: true,
  },
  {
    name: 'sandbox',
    path: paths.sandbox,
    component: () => import('@/features/sandbox/SandboxPage.vue'),
    meta: { messages: ['sandbox'] },
  },
  { name: 'not-found', path: '/:path(.*)*', component: () => import('./NotFoundPage.vue') },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, _from, saved) => saved ?? (to.hash ? { el: to.hash } : { top: 0 }),
})

/** A page whose files could not be fetched; the layout offers to try again. */
export const failedToLoad = ref<string | null>(null)

router.beforeEach(async (to) => {
  page.failed = false
  await loadMessages('core', ...(to.meta.messages ?? []))
})

router.afterEach((to, from, failure) => {
  if (failure) return
  failedToLoad.value = null
  // The first page is read from its top by itself.
  if (from.matched.length > 0 && to.path !== from.path) {
    void nextTick(() => document.getElementById('page-title')?.focus({ preventScroll: true }))
  }
})

router.onError((_error, to) => {
  failedToLoad.value = to.fullPath
  page.title = i18n.global.t('core.load_failed.title')
})

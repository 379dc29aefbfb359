import { nextTick, ref } from 'vue'
import {
  createRouter,
  createWebHistory,
  isNavigationFailure,
  NavigationFailureType,
  type RouteRecordRaw,
} from 'vue-router'
import { signedOutGuard } from '@/api/session'
import { awaited } from '@/api/waiting'
import { page } from '@/forms/page'
import { i18n, loadMessages, type Namespace } from '@/i18n'
import { group } from './pages/group'
import { paths } from './paths'

declare module 'vue-router' {
  interface RouteMeta {
    /** Messages of the page, besides those of every page. */
    messages?: Namespace[]
    /** Fetches what the page has in common with others. */
    fetch?: () => Promise<unknown>
  }
}

const routes: RouteRecordRaw[] = [
  {
    name: 'login',
    path: paths.login,
    component: () => import('@/features/login/LoginPage.vue'),
    beforeEnter: signedOutGuard,
  },
  ...group('register', ['proof', 'registration'], () => import('./pages/registration')),
  ...group('recover', ['proof', 'recovery'], () => import('./pages/recovery')),
  ...group('account', ['account'], () => import('./pages/account')),
  ...group('authorize', ['items', 'authorize'], () => import('./pages/authorize')),
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

/** Ends the waiting for the page that is on its way. */
let arrived: (() => void) | undefined

router.beforeEach(async (to) => {
  page.failed = false
  if (arrived === undefined) void awaited(new Promise<void>((done) => (arrived = done)))
  const { messages = [], fetch } = to.meta
  await Promise.all([loadMessages('core', ...messages), fetch?.()])
})

function arrive(): void {
  arrived?.()
  arrived = undefined
}

router.afterEach((to, from, failure) => {
  // Another page is on its way instead.
  if (isNavigationFailure(failure, NavigationFailureType.cancelled)) return
  arrive()
  if (failure) return
  failedToLoad.value = null
  // The first page is read from its top by itself.
  if (from.matched.length > 0 && to.path !== from.path) {
    void nextTick(() => document.getElementById('page-title')?.focus({ preventScroll: true }))
  }
})

router.onError((_error, to) => {
  arrive()
  failedToLoad.value = to.fullPath
  page.title = i18n.global.t('core.load_failed.title')
})

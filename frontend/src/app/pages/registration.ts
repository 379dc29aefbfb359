import { draftGuard } from '@/features/registration/draft'
import type { Views } from './group'

export const guard = draftGuard

export const views: Views<'register'> = {
  register: () => import('@/features/registration/CredentialsPage.vue'),
  'register-unit': () => import('@/features/registration/UnitPage.vue'),
  'register-identity': () => import('@/features/registration/IdentityPage.vue'),
  'register-bank': () => import('@/features/registration/BankPage.vue'),
  'register-code': () => import('@/features/registration/CodePage.vue'),
  'register-done': () => import('@/features/registration/DonePage.vue'),
  'register-expired': () => import('@/features/registration/ExpiredPage.vue'),
}

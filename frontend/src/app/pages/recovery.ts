import { recoveryGuard } from '@/features/recovery/recovery'
import type { Views } from './group'

export const guard = recoveryGuard

export const views: Views<'recover'> = {
  'recover-username': () => import('@/features/recovery/UsernamePage.vue'),
  'recover-username-code': () => import('@/features/recovery/CodePage.vue'),
  'recover-username-done': () => import('@/features/recovery/DonePage.vue'),
  'recover-password': () => import('@/features/recovery/PasswordPage.vue'),
  'recover-password-method': () => import('@/features/recovery/MethodPage.vue'),
  'recover-password-identity': () => import('@/features/recovery/IdentityPage.vue'),
  'recover-password-code': () => import('@/features/recovery/CodePage.vue'),
  'recover-password-questions': () => import('@/features/recovery/QuestionsPage.vue'),
  'recover-password-reset': () => import('@/features/recovery/ResetPage.vue'),
  'recover-password-done': () => import('@/features/recovery/DonePage.vue'),
  'recover-phone': () => import('@/features/recovery/PhonePage.vue'),
  'recover-phone-code': () => import('@/features/recovery/PhoneCodePage.vue'),
  'recover-expired': () => import('@/features/recovery/ExpiredPage.vue'),
}

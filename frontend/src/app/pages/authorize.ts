import { authorizeGuard } from '@/features/authorize/authorization'
import type { Views } from './group'

export const guard = authorizeGuard

export const views: Views<'authorize'> = {
  authorize: () => import('@/features/authorize/AuthorizePage.vue'),
  'authorize-error': () => import('@/features/authorize/ErrorPage.vue'),
}

import type { Schemas } from '@/api/client'

type Registration = Schemas['Registration']

/** A registration for tests. */
export const registration = (differs: Partial<Registration>): Registration => ({
  id: '018f0000-0000-7000-8000-000000000000',
  stage: 'unit',
  created_at: '2026-11-23T02:00:00Z',
  expires_at: '2099-11-23T02:30:00Z',
  absolute_expires_at: '2099-11-24T02:00:00Z',
  username: 'ceshidanwei',
  user_type: 'unit',
  unit: null,
  identity: null,
  bank: null,
  code: null,
  remaining: { documents: 3, bank_checks: 5, sms: 5 },
  return_to: null,
  ...differs,
})

import type { Schemas } from '@/api/client'

type Recovery = Schemas['Recovery']

/** A recovery for tests. */
export const sample = (differs: Partial<Recovery>): Recovery => ({
  id: '018f0000-0000-7000-8000-000000000000',
  goal: 'password',
  stage: 'method',
  created_at: '2026-11-23T02:00:00Z',
  expires_at: '2099-11-23T02:15:00Z',
  username: 'wangxiaoming',
  method: null,
  user_type: 'person',
  questions: null,
  code: null,
  phone_replacement: null,
  remaining: { sms: 5 },
  ...differs,
})

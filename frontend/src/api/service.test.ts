import { beforeEach, expect, it } from 'vitest'
import type { Schemas } from './client'
import { rules, service } from './service'

beforeEach(() => (service.value = null))

it('goes by the numbers that are delivered until the server has told its own', () => {
  expect(rules.value).toMatchObject({
    password_failures_before_lock: 5,
    lock_minutes: 15,
    closing_days: 15,
  })
  service.value = {
    password: { min_length: 12, max_length: 64, policy: 'nist' },
    limits: { password_failures_before_lock: 3, password_lock_seconds: 90, documents_per_flow: 2 },
    account: { closing_days: 30 },
  } as unknown as Schemas['ServiceInfo']
  expect(rules.value).toMatchObject({
    min_length: 12,
    password_failures_before_lock: 3,
    lock_minutes: 2,
    documents_per_flow: 2,
    closing_days: 30,
    changes_hold_hours: 72,
  })
})

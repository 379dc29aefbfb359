import type { Authorization, System } from '@/api/authorization'

/** A business system for tests. */
export const system: System = {
  id: '018f0000-0000-7000-8000-00000000c11e',
  name: '考生服务系统',
  name_en: 'Candidate service system',
  owner: '人事考试院',
  owner_en: null,
  uri: 'https://exams.example',
}

/** A sign-in to it. */
export const authorization = (differs: Partial<Authorization>): Authorization => ({
  id: 'ab'.repeat(32),
  state: 'sign_in',
  reason: null,
  client: system,
  items: ['username', 'name', 'document_number_masked'],
  new_items: ['username', 'name', 'document_number_masked'],
  confirmation: 'cd'.repeat(32),
  account: null,
  login_hint: null,
  ui_locale: null,
  create: false,
  expires_at: '2099-11-24T03:00:00Z',
  ...differs,
})

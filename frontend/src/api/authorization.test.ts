import { beforeEach, expect, it } from 'vitest'
import { setLanguage } from '@/i18n'
import { stored } from '@/i18n/stored'
import { authorization, system } from '@/test/authorization'
import { refusal, serve } from '@/test/server'
import {
  dropWaiting,
  keepWaiting,
  loadWaiting,
  ownerName,
  systemName,
  waiting,
} from './authorization'

const CURRENT = 'GET /authorizations/current'
beforeEach(dropWaiting)

it('asks nobody where no sign-in was seen', async () => {
  const { calls } = serve({})
  await loadWaiting()
  expect(calls).toEqual([])
})

it('finds the sign-in again after a reload', async () => {
  stored.set('authorization', 'yes')
  serve({ [CURRENT]: { body: authorization({}) } })
  await loadWaiting()
  expect(waiting.value?.client.name).toBe('考生服务系统')
})

it('forgets it once it is over, and keeps it while nobody can tell', async () => {
  keepWaiting(authorization({}))
  serve({ [CURRENT]: refusal(503, 'overloaded') })
  await loadWaiting()
  expect(waiting.value).not.toBeNull()
  serve({ [CURRENT]: refusal(404, 'authorization_not_found') })
  await loadWaiting()
  expect(waiting.value).toBeNull()
  expect(stored.get('authorization')).toBeNull()
})

it('names a system in the language of the page, as far as it has a name in it', async () => {
  expect(systemName(system)).toBe('考生服务系统')
  await setLanguage('en')
  expect([systemName(system), ownerName(system)]).toEqual([
    'Candidate service system',
    '人事考试院',
  ])
})

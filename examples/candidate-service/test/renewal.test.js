import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renew, SignInAgain } from '../src/renewal.js'

/** @type {import('../src/person.js').Claims} */
const person = {
  sub: 'one',
  preferred_username: 'wangxiaoming',
  user_type: 'person',
  name: '王小明',
  document_type: 'resident_id',
  document_number: '4403**********1234',
  document_number_masked: true,
}

/** @param {number} seconds How long the access token still holds. */
const session = (seconds) => ({
  id: 'session',
  createdAt: 0,
  usedAt: 0,
  pending: [],
  person,
  signedIn: {
    subject: 'one',
    sessionId: undefined,
    authenticatedAt: 0,
    tokens: {
      access: 'first',
      accessEndsAt: Date.now() + seconds * 1000,
      refresh: 'used-once',
      id: 'id',
    },
  },
})

/** Answers get lost on the way back, as often as there are any to lose. */
const provider = (/** @type {number} */ lost = 0) => {
  /** @type {(string | undefined)[]} */
  const asked = []
  return {
    asked,
    /** @param {import('../src/provider.js').SignedIn} signedIn */
    async refresh(signedIn) {
      asked.push(signedIn.tokens.refresh)
      await Promise.resolve()
      if (asked.length <= lost) throw new TypeError('fetch failed')
      const fresh = {
        access: 'second',
        accessEndsAt: Date.now() + 60_000,
        refresh: 'next',
        id: 'id',
      }
      return { ...signedIn, tokens: fresh }
    },
    /** @param {import('../src/provider.js').SignedIn} signedIn */
    async person({ tokens }) {
      await Promise.resolve()
      return { ...person, name: `asked with ${tokens.access}` }
    },
  }
}

test('who asks twice at once is asked for once', async () => {
  const [mine, shiming] = [session(-1), provider()]
  await Promise.all([renew(mine, shiming), renew(mine, shiming)])
  assert.deepEqual(shiming.asked, ['used-once'])
  assert.equal(mine.signedIn.tokens.refresh, 'next')
  assert.equal(mine.person.name, 'asked with second')
})

test('a refresh token whose answer was lost is not sent again', async () => {
  const [mine, shiming] = [session(60), provider(1)]
  await assert.rejects(renew(mine, shiming), TypeError)
  // The access token still holds.
  await renew(mine, shiming)
  assert.equal(mine.person.name, 'asked with first')
  assert.deepEqual(shiming.asked, ['used-once'])
})

test('without any token left the person has to come by again', async () => {
  const [mine, shiming] = [session(-1), provider(1)]
  await assert.rejects(renew(mine, shiming), TypeError)
  await assert.rejects(renew(mine, shiming), SignInAgain)
  assert.deepEqual(shiming.asked, ['used-once'])
})

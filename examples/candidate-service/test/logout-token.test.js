import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportJWK, generateKeyPair, createLocalJWKSet, SignJWT } from 'jose'
import { LogoutTokens } from '../src/logout-token.js'

const expected = { issuer: 'https://id.example.cn', audience: 'candidate' }
const { privateKey, publicKey } = await generateKeyPair('RS256')
const other = await generateKeyPair('RS256')
const keys = createLocalJWKSet({
  keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }],
})
let serial = 0

/** @param {object} [changes] @param {{ typ?: string, key?: import('jose').CryptoKey }} [how] */
function token(changes = {}, { typ = 'logout+jwt', key = privateKey } = {}) {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({
    iss: expected.issuer,
    aud: expected.audience,
    iat: now,
    exp: now + 120,
    jti: `token-${(serial += 1)}`,
    sub: 'somebody',
    sid: 'session',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    ...changes,
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', typ })
    .sign(key)
}

test('a logout token says who is signed out', async () => {
  const tokens = new LogoutTokens(keys, expected)
  const said = await tokens.verify(await token())
  assert.deepEqual(said, { subject: 'somebody', sessionId: 'session' })
})

test('a token works once', async () => {
  const tokens = new LogoutTokens(keys, expected)
  const one = await token()
  await tokens.verify(one)
  await assert.rejects(tokens.verify(one), /used before/)
})

const wrong = {
  'another issuer': token({ iss: 'https://evil.example' }),
  'another audience': token({ aud: 'another' }),
  expired: token({ exp: 1 }),
  'without an end': token({ exp: undefined }),
  'without an event': token({ events: {} }),
  'with a nonce': token({ nonce: 'n' }),
  'for nobody': token({ sub: undefined, sid: undefined }),
  'an ID token': token({}, { typ: 'JWT' }),
  'with a key of somebody else': token({}, { key: other.privateKey }),
  'no JWT': Promise.resolve('nonsense'),
  unsigned: Promise.resolve(
    `${Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')}.e30.`,
  ),
}
for (const [name, made] of Object.entries(wrong)) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(new LogoutTokens(keys, expected).verify(await made))
  })
}

// The npm package oidc-provider in one process, all of its state in memory:
// what the figures of the provider are compared with. It is set up like a
// client of ours: secret by Basic, PKCE, RS256, opaque access tokens for its
// own userinfo (it has no others there), JWT for client credentials.
import { generateKeyPairSync, createHash } from 'node:crypto'
import http from 'node:http'
import Provider from 'oidc-provider'

const VERIFIER = 'a-verifier-that-is-long-enough-for-rfc-7636-indeed'
const REDIRECT_URI = 'https://client.example/callback'
const API = 'https://api.example'

/** Like the memory adapter that comes with it, without its limit of 1000 items. */
class Memory {
  static #items = new Map()
  static #members = new Map()
  constructor(model) {
    this.model = model
  }
  #key = (id) => `${this.model}:${id}`
  async upsert(id, payload) {
    Memory.#items.set(this.#key(id), payload)
    if (payload.grantId) {
      const members = Memory.#members.get(payload.grantId) ?? new Set()
      Memory.#members.set(payload.grantId, members.add(this.#key(id)))
    }
  }
  async find(id) {
    return Memory.#items.get(this.#key(id))
  }
  async consume(id) {
    const item = Memory.#items.get(this.#key(id))
    if (item.consumed) return false
    item.consumed = Math.floor(Date.now() / 1000)
    return true
  }
  async destroy(id) {
    Memory.#items.delete(this.#key(id))
  }
  async revokeByGrantId(grantId) {
    for (const key of Memory.#members.get(grantId) ?? []) Memory.#items.delete(key)
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'bench' }
const person = { sub: 'somebody', preferred_username: 'citizen', phone_number: '+8613900139000' }

// The port is known once it listens, and the issuer needs it.
const server = http.createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys: [jwk] },
    clients: [
      {
        client_id: 'bench',
        client_secret: 'bench-secret-of-the-client-that-is-measured',
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        redirect_uris: [REDIRECT_URI],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    cookies: { keys: ['bench'] },
    scopes: ['openid', 'profile', 'phone', 'offline_access', 'users:read'],
    claims: { openid: ['sub'], profile: ['preferred_username'], phone: ['phone_number'] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ ...person, sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => (ctx.oidc.params.grant_type === 'client_credentials' ? API : undefined),
        getResourceServerInfo: () => ({
          scope: 'users:read',
          audience: API,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  const answer = provider.callback()

  /** Codes as a person's consent would have made them; not measured. */
  async function codes(count) {
    const client = await provider.Client.find('bench')
    const challenge = createHash('sha256').update(VERIFIER).digest('base64url')
    const made = []
    for (let number = 0; number < count; number += 1) {
      const grant = new provider.Grant({ accountId: `person-${number}`, clientId: 'bench' })
      grant.addOIDCScope('openid profile phone offline_access')
      const code = new provider.AuthorizationCode({
        accountId: `person-${number}`,
        authTime: Math.floor(Date.now() / 1000),
        client,
        codeChallenge: challenge,
        codeChallengeMethod: 'S256',
        grantId: await grant.save(),
        nonce: 'nonce',
        redirectUri: REDIRECT_URI,
        scope: 'openid profile phone offline_access',
      })
      made.push(await code.save())
    }
    return made
  }

  server.on('request', async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, issuer)
    if (pathname !== '/bench/codes') return answer(request, response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ items: await codes(Number(searchParams.get('count'))) }))
  })
  console.log(issuer)
})

/** Logout tokens (OpenID Connect Back-Channel Logout 1.0, §2.4 to §2.6). */
import { jwtVerify } from 'jose'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Says who is signed out, once for each token. */
export class LogoutTokens {
  /** The tokens that came, until they end. @type {Map<string, number>} */
  #seen = new Map()

  /**
   * @param {import('jose').JWTVerifyGetKey} keys
   * @param {{ issuer: string, audience: string }} expected
   */
  constructor(keys, expected) {
    this.keys = keys
    this.expected = expected
  }

  /**
   * @param {string} token
   * @returns {Promise<{ subject: string | undefined, sessionId: string | undefined }>}
   */
  async verify(token) {
    const { payload } = await jwtVerify(token, this.keys, {
      ...this.expected,
      algorithms: ['RS256'],
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      clockTolerance: 10,
    })
    const { sub, sid, jti = '', exp = 0, events } = payload
    if (typeof events !== 'object' || events === null || !(EVENT in events)) {
      throw new Error('the token tells of no logout')
    }
    // Or an ID token could be taken for one.
    if ('nonce' in payload) throw new Error('the token has a nonce')
    if (sub === undefined && typeof sid !== 'string') throw new Error('the token names nobody')
    const now = Date.now() / 1000
    for (const [old, end] of this.#seen) if (end < now) this.#seen.delete(old)
    if (this.#seen.has(jti)) throw new Error('the token was used before')
    this.#seen.set(jti, exp + 10)
    return { subject: sub, sessionId: typeof sid === 'string' ? sid : undefined }
  }
}

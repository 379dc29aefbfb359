/** Shiming, as this system talks to it: everything of OpenID Connect is here. */
import * as oidc from 'openid-client'

/** The scopes that this system asks for. */
const SCOPE = 'openid profile phone realname'

/**
 * Which claims beyond those of the scopes. A bank has checked who this is, or
 * the login is refused; and what it has checked comes along.
 */
const CLAIMS = {
  id_token: { acr: { essential: true, values: ['urn:shiming:acr:l3'] } },
  userinfo: {
    verified_claims: {
      verification: { trust_framework: null, time: null, assurance_level: null, evidence: null },
      claims: { name: null, birthdate: null },
    },
  },
}

/**
 * What must be known to believe an answer. It stays in the session of the
 * browser that was sent away.
 *
 * @typedef {object} Pending
 * @property {string} state
 * @property {string} nonce
 * @property {string} verifier
 * @property {number} [maxAge]
 * @property {string} returnTo Path of this system to show afterwards.
 * @property {number} startedAt
 */

/**
 * @typedef {object} Tokens
 * @property {string} access
 * @property {number} accessEndsAt
 * @property {string} [refresh]
 * @property {string} id For signing out.
 */

/**
 * @typedef {object} SignedIn
 * @property {string} subject
 * @property {string | undefined} sessionId Shiming's name for its session (sid).
 * @property {number} authenticatedAt When the password was typed, in seconds.
 * @property {Tokens} tokens
 */

export class Provider {
  /** @type {Promise<oidc.Configuration> | undefined} */
  #configuration

  /** @param {import('./settings.js').Settings} settings */
  constructor(settings) {
    this.settings = settings
    this.redirectUri = new URL('/callback', settings.url).href
  }

  /** What discovery tells; asked once, and again while there is no answer. */
  async configuration() {
    const { issuer, clientId, clientSecret } = this.settings
    this.#configuration ??= oidc.discovery(
      issuer,
      clientId,
      // The algorithm of the registration; a token with another one is refused.
      { id_token_signed_response_alg: 'RS256' },
      oidc.ClientSecretBasic(clientSecret),
      {
        timeout: 10,
        execute: [
          // Check signatures, although TLS vouches for the answers already.
          oidc.enableNonRepudiationChecks,
          // Only for trying things on one machine.
          ...(isLoopback(issuer) ? [oidc.allowInsecureRequests] : []),
        ],
      },
    )
    try {
      return await this.#configuration
    } catch (error) {
      this.#configuration = undefined
      throw error
    }
  }

  /**
   * Where to send the browser.
   *
   * @param {object} wish
   * @param {string} wish.language
   * @param {string} wish.returnTo
   * @param {boolean} [wish.create] The person has no account yet.
   * @param {'recover-username' | 'recover-password' | 'account'} [wish.first] What
   *   the person wants to do at Shiming before logging in.
   * @param {number} [wish.maxAge] Seconds that the login may be old.
   * @returns {Promise<{ url: URL, pending: Pending }>}
   */
  async begin({ language, returnTo, create, first, maxAge }) {
    const configuration = await this.configuration()
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
    const verifier = oidc.randomPKCECodeVerifier()
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: SCOPE,
      claims: JSON.stringify(CLAIMS),
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ui_locales: language,
      ...(create ? { prompt: 'create' } : {}),
      // Who has forgotten something is asked to log in, even if still logged in there.
      ...(first?.startsWith('recover') ? { prompt: 'login' } : {}),
      ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    })
    // Shiming's pages read it; it is no part of the request.
    if (first !== undefined) url.hash = first
    const pending = { state, nonce, verifier, returnTo, startedAt: Date.now() }
    return { url, pending: maxAge === undefined ? pending : { ...pending, maxAge } }
  }

  /**
   * Trades the code for tokens. The library checks state, iss (RFC 9207),
   * nonce, audience, times, signature and max_age.
   *
   * @param {URL} answer The address that the browser came back to.
   * @param {Pending} pending
   * @returns {Promise<SignedIn>}
   */
  async finish(answer, pending) {
    const configuration = await this.configuration()
    const got = await oidc.authorizationCodeGrant(configuration, answer, {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.verifier,
      idTokenExpected: true,
      ...(pending.maxAge === undefined ? {} : { maxAge: pending.maxAge }),
    })
    const claims = got.claims()
    if (claims === undefined) throw new Error('there is no ID token')
    return {
      subject: claims.sub,
      sessionId: typeof claims['sid'] === 'string' ? claims['sid'] : undefined,
      authenticatedAt: claims.auth_time ?? 0,
      tokens: tokens(got),
    }
  }

  /**
   * Who this is, as Shiming knows now.
   *
   * @param {SignedIn} signedIn
   */
  async person({ tokens: { access }, subject }) {
    const claims = await oidc.fetchUserInfo(await this.configuration(), access, subject)
    return /** @type {import('./person.js').Claims} */ (/** @type {unknown} */ (claims))
  }

  /**
   * Other tokens for the old ones. A refresh token works once only.
   *
   * @param {SignedIn} signedIn
   * @returns {Promise<SignedIn>}
   */
  async refresh(signedIn) {
    const got = await oidc.refreshTokenGrant(
      await this.configuration(),
      signedIn.tokens.refresh ?? '',
    )
    return { ...signedIn, tokens: { ...signedIn.tokens, ...tokens(got, signedIn.tokens.id) } }
  }

  /**
   * Where to send the browser to sign out of Shiming, too.
   *
   * @param {SignedIn} signedIn
   * @param {string} language
   */
  async signOutUrl({ tokens: { id } }, language) {
    return oidc.buildEndSessionUrl(await this.configuration(), {
      id_token_hint: id,
      post_logout_redirect_uri: new URL('/signed-out', this.settings.url).href,
      ui_locales: language,
    })
  }
}

/**
 * @param {oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers} got
 * @param {string} [id] The ID token there was.
 * @returns {Tokens}
 */
function tokens(got, id) {
  return {
    access: got.access_token,
    accessEndsAt: Date.now() + (got.expiresIn() ?? 0) * 1000,
    ...(got.refresh_token === undefined ? {} : { refresh: got.refresh_token }),
    id: got.id_token ?? id ?? '',
  }
}

/** @param {URL} url */
export function isLoopback({ hostname }) {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

/**
 * The OAuth error code of what went wrong, when it is one.
 *
 * @param {unknown} thrown
 */
export function errorCode(thrown) {
  if (thrown instanceof oidc.AuthorizationResponseError) return thrown.error
  if (thrown instanceof oidc.ResponseBodyError) return thrown.error
  return undefined
}

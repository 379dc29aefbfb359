/** A system whose server talks to Shiming by openid-client. */
import * as oidc from 'openid-client'
import type { Page } from '@playwright/test'
import { origin } from '../playwright.config'
import { register } from './systems'

/** How a system proves itself, with the secret that it was given, if any. */
type Proof = (secret: string) => oidc.ClientAuth

export class LibrarySystem {
  private constructor(
    readonly own: string,
    readonly config: oidc.Configuration,
    readonly clientId: string,
  ) {}

  /** Registers it as the operator does; people come back to its address. */
  static async make(own: string, metadata: object, proof: Proof): Promise<LibrarySystem> {
    const { client, client_secret } = await register({
      owner: '测试',
      redirect_uris: [`${own}/callback`],
      ...metadata,
    })
    const config = await LibrarySystem.discovered(client.id, proof(client_secret ?? ''))
    return new LibrarySystem(own, config, client.id)
  }

  static discovered(clientId: string, proof: oidc.ClientAuth): Promise<oidc.Configuration> {
    return oidc.discovery(new URL(origin), clientId, undefined, proof, {
      execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
    })
  }

  /** What a request holds, and what its answer is checked by. */
  async request(scope: string, more: Record<string, string> = {}) {
    const checks = {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.randomState(),
      expectedNonce: oidc.randomNonce(),
    }
    const parameters = {
      redirect_uri: `${this.own}/callback`,
      scope,
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...more,
    }
    return { parameters, checks }
  }

  /** The address that the browser comes back to, once it is there. */
  async answer(page: Page): Promise<URL> {
    const callback = `${this.own}/callback`
    const back = await page.waitForRequest((request) => request.url().startsWith(callback))
    // Sent elsewhere before, it would be between two pages.
    await page.waitForURL(back.url(), { waitUntil: 'commit' })
    return new URL(back.url())
  }

  /** Who has come back, as the system learns it, and its tokens. */
  async finish(answer: URL, checks: oidc.AuthorizationCodeGrantChecks) {
    const tokens = await oidc.authorizationCodeGrant(this.config, answer, checks)
    const sub = tokens.claims()?.sub ?? ''
    return { tokens, person: await oidc.fetchUserInfo(this.config, tokens.access_token, sub) }
  }
}

/** Tokens for tokens, and the newest information. */

/** There are no tokens left: only the person can bring new ones. */
export class SignInAgain extends Error {
  name = 'SignInAgain'
}

/**
 * Other tokens and the newest information, once at a time. A refresh token is
 * used up by the first try, whatever becomes of the answer: sent a second time
 * it would end everything.
 *
 * @param {import('./app.js').SignedInSession} session
 * @param {Pick<import('./provider.js').Provider, 'refresh' | 'person'>} provider
 */
export function renew(session, provider) {
  session.renewing ??= (async () => {
    try {
      const { signedIn } = session
      const { refresh, ...rest } = signedIn.tokens
      if (refresh !== undefined) {
        session.signedIn = { ...signedIn, tokens: rest }
        session.signedIn = await provider.refresh(signedIn)
      } else if (isOver(session)) {
        throw new SignInAgain('no tokens are left')
      }
      session.person = await provider.person(session.signedIn)
    } finally {
      delete session.renewing
    }
  })()
  return session.renewing
}

/** Whether the access token has ended. @param {import('./app.js').SignedInSession} session */
export function isOver({ signedIn }) {
  return signedIn.tokens.accessEndsAt < Date.now()
}

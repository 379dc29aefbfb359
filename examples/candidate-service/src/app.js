/** The routes. */
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { languageDetector } from 'hono/language'
import { secureHeaders } from 'hono/secure-headers'
import { createRemoteJWKSet } from 'jose'
import { Applications, exams } from './exams.js'
import { LogoutTokens } from './logout-token.js'
import * as pages from './pages.js'
import { errorCode, Provider } from './provider.js'
import { isOver, renew, SignInAgain } from './renewal.js'
import { Sessions } from './sessions.js'

/** @typedef {import('./texts.js').Language} Language */
/** @typedef {{ Variables: { session: import('./sessions.js').Session | undefined } }} Env */
/** @typedef {import('hono').Context<Env>} Context */
/** @typedef {import('./sessions.js').Session & Required<Pick<import('./sessions.js').Session, 'signedIn' | 'person'>>} SignedInSession */

const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8')

/** @param {import('./settings.js').Settings} settings */
export function app(settings) {
  const provider = new Provider(settings)
  const sessions = new Sessions()
  const applications = new Applications()
  /** @type {Promise<LogoutTokens> | undefined} */
  let logoutTokens
  const secure = settings.url.protocol === 'https:'
  // Cookies know no ports: the name must not be one of Shiming's.
  const cookie = secure ? '__Host-candidate' : 'candidate'

  const language = (/** @type {Context} */ c) =>
    /** @type {Language} */ (c.get('language') === 'en' ? 'en' : 'zh-CN')

  /** @param {Context} c @param {import('./sessions.js').Session} session */
  const keep = (c, session) =>
    setCookie(c, cookie, session.id, { httpOnly: true, sameSite: 'Lax', secure, path: '/' })

  /** @param {Context} c @param {pages.Problem} problem @param {400 | 404 | 503} [status] */
  const refuse = (c, problem, status = 400) =>
    c.html(pages.problemPage(language(c), problem), status)

  /**
   * Sends the browser to Shiming.
   *
   * @param {Context} c
   * @param {Partial<Parameters<Provider['begin']>[0]>} [wish]
   */
  const sendAway = async (c, wish = {}) => {
    const { url, pending } = await provider.begin({
      language: language(c),
      returnTo: '/me',
      ...wish,
    })
    const session = c.get('session') ?? sessions.create()
    sessions.remember(session, pending)
    keep(c, session)
    return c.redirect(url.href, 303)
  }

  /** @type {Hono<Env>} */
  const app = new Hono()

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ['data:'],
        // Signing out goes on to Shiming.
        formAction: ["'self'", settings.issuer.origin],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      // Not "no-referrer": then forms would be sent with "Origin: null".
      referrerPolicy: 'same-origin',
      xFrameOptions: 'DENY',
      strictTransportSecurity: secure && 'max-age=31536000',
    }),
  )
  app.use(bodyLimit({ maxSize: 64 * 1024 }))
  app.use(async (c, next) => {
    await next()
    if (c.req.path !== '/style.css') c.header('Cache-Control', 'no-store')
  })

  app.get('/healthz', (c) => c.text('ok'))
  app.get('/style.css', (c) =>
    c.body(style, 200, {
      'Content-Type': 'text/css; charset=utf-8',
      'Cache-Control': 'max-age=300',
    }),
  )

  // Shiming calls this itself; no browser, no cookie.
  app.post('/backchannel-logout', async (c) => {
    logoutTokens ??= provider.configuration().then((configuration) => {
      const { jwks_uri: keys = '', issuer } = configuration.serverMetadata()
      return new LogoutTokens(createRemoteJWKSet(new URL(keys)), {
        issuer,
        audience: settings.clientId,
      })
    })
    try {
      const form = await c.req.parseBody()
      sessions.endAll(await (await logoutTokens).verify(String(form['logout_token'])))
      return c.body(null, 200)
    } catch (error) {
      console.warn(`backchannel-logout: ${error instanceof Error ? error.message : 'refused'}`)
      return c.json({ error: 'invalid_request' }, 400)
    }
  })

  app.use(csrf({ origin: settings.url.origin }))
  app.use(
    languageDetector({
      order: ['querystring', 'cookie', 'header'],
      lookupQueryString: 'lang',
      lookupCookie: 'candidate-language',
      cookieOptions: { sameSite: 'Lax', secure, httpOnly: true, path: '/', maxAge: 31_536_000 },
      supportedLanguages: ['zh-CN', 'en'],
      fallbackLanguage: 'zh-CN',
      convertDetectedLanguage: (found) => (/^en\b/i.test(found) ? 'en' : 'zh-CN'),
    }),
  )
  app.use(async (c, next) => {
    c.set('session', sessions.find(getCookie(c, cookie)))
    await next()
  })

  app.get('/', (c) =>
    c.get('session')?.signedIn
      ? c.redirect('/me', 303)
      : c.html(pages.loginPage(language(c), settings.issuer)),
  )
  app.get('/login', (c) => sendAway(c))
  app.get('/register', (c) => sendAway(c, { create: true }))
  // Whoever recovers or maintains something comes back as well: he is on his way here.
  app.get('/recovery/username', (c) => sendAway(c, { first: 'recover-username' }))
  app.get('/recovery/password', (c) => sendAway(c, { first: 'recover-password' }))
  app.get('/account', (c) => sendAway(c, { first: 'account' }))
  app.get('/signed-out', (c) => c.html(pages.signedOutPage(language(c))))

  app.get('/callback', async (c) => {
    const before = c.get('session')
    // Behind a proxy the request's own address is not the one people use.
    const { search, searchParams } = new URL(c.req.url)
    const pending = before && sessions.take(before, searchParams.get('state'))
    if (!pending) return refuse(c, 'expired')
    const signedIn = await provider.finish(new URL(`/callback${search}`, settings.url), pending)
    const person = await provider.person(signedIn)
    // A new name for the session: the old one may be known to somebody else.
    const session = sessions.create()
    session.pending = before.pending
    sessions.end(before)
    Object.assign(session, { signedIn, person })
    keep(c, session)
    return c.redirect(pending.returnTo, 303)
  })

  /**
   * The session of somebody who is signed in, with tokens that still hold.
   *
   * @param {Context} c
   * @returns {Promise<SignedInSession | undefined>}
   */
  const member = async (c) => {
    const session = c.get('session')
    if (session?.signedIn === undefined) return undefined
    const mine = /** @type {SignedInSession} */ (session)
    if (isOver(mine)) await renew(mine, provider)
    return mine
  }

  app.get('/me', async (c) => {
    const session = await member(c)
    if (session === undefined) return c.redirect('/', 303)
    const shown = {
      applied: applications.of(session.signedIn.subject),
      done: c.req.query('done'),
    }
    return c.html(pages.personPage(language(c), session.person, shown))
  })

  app.post('/refresh', async (c) => {
    const session = await member(c)
    if (session === undefined) return c.redirect('/', 303)
    await renew(session, provider)
    return c.redirect('/me?done=refreshed', 303)
  })

  app.post('/exams/:id/applications', async (c) => {
    const [session, exam] = [await member(c), exams.find(({ id }) => id === c.req.param('id'))]
    if (session === undefined) return c.redirect('/', 303)
    if (exam === undefined) return refuse(c, 'not_found', 404)
    applications.add(session.signedIn.subject, exam.id)
    return c.redirect('/me?done=applied', 303)
  })

  app.get('/exams/:id/ticket', async (c) => {
    const [session, exam] = [await member(c), exams.find(({ id }) => id === c.req.param('id'))]
    if (session === undefined) return c.redirect('/', 303)
    const { signedIn, person } = session
    if (exam === undefined || !applications.of(signedIn.subject).has(exam.id)) {
      return refuse(c, 'not_found', 404)
    }
    const { authenticatedAt } = signedIn
    if (Date.now() / 1000 - authenticatedAt > settings.freshSeconds) {
      return sendAway(c, { returnTo: c.req.path, maxAge: settings.freshSeconds })
    }
    return c.html(pages.ticketPage(language(c), person, { exam, authenticatedAt }))
  })

  app.post('/logout', async (c) => {
    const session = c.get('session')
    if (session?.signedIn === undefined) return c.redirect('/signed-out', 303)
    // Here first: that must not depend on anybody else.
    sessions.end(session)
    return c.redirect((await provider.signOutUrl(session.signedIn, language(c))).href, 303)
  })

  app.notFound((c) => refuse(c, 'not_found', 404))
  app.onError((error, c) => {
    if ('getResponse' in error && typeof error.getResponse === 'function') {
      return error.getResponse()
    }
    const code = errorCode(error)
    // No personal data: the code and the kind of error only.
    console.warn(`${c.req.method} ${c.req.path}: ${code ?? `${error.name}: ${error.message}`}`)
    if (code === 'access_denied' || code === 'unmet_authentication_requirements') {
      return refuse(c, code)
    }
    // Who is still signed in to Shiming sees no page of it, and comes back.
    if (error instanceof SignInAgain) return sendAway(c)
    const session = c.get('session')
    if (session?.signedIn !== undefined && (code === 'invalid_grant' || isRefused(error))) {
      sessions.end(session)
      return refuse(c, 'withdrawn')
    }
    if (error instanceof TypeError || error.name === 'ClientError') {
      return refuse(c, 'unavailable', 503)
    }
    return refuse(c, 'other')
  })
  return app
}

/** An access token that Shiming does not accept any more. @param {Error} error */
function isRefused(error) {
  return error.name === 'WWWAuthenticateChallengeError'
}

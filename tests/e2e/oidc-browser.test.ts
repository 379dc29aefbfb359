/** A page without a server, with oidc-client-ts: a public client, in a real browser. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loggedIn, member } from './support/account'
import { expect, test } from './support/sign-in'
import { go, NAME, profile, registerPage, served, state } from './support/web-page'
import { origin } from './playwright.config'

interface Site {
  url: string
  server: Server
}

async function site(): Promise<Site> {
  let clientId = ''
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const { type, body } = served(pathname, clientId)
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const { client, client_secret } = await registerPage(url)
  expect(client_secret ?? null, 'a public client has no secret').toBeNull()
  clientId = client.id
  return { url, server }
}

let own: Site
test.beforeAll(async () => {
  own = await site()
})
test.afterAll(() => own.server.close())

test('signs in, renews silently, revokes and signs out', async ({
  page,
  flow,
  language,
  expected,
}) => {
  expected.statuses.push(401)
  const someone = await member(page)
  await page.goto(own.url)
  await expect(state(page)).toHaveText('signed out')
  await go(page, { ui_locales: language })
  await flow.logIn(someone.username)
  await flow.allow(NAME[language])
  await expect(state(page)).toHaveText('signed in')
  await expect(page).toHaveURL(`${own.url}/`)
  const known = await profile(page)
  expect(known).toMatchObject({
    preferred_username: someone.username,
    user_type: 'person',
    name: someone.name,
    document_number_masked: true,
  })
  expect(known).not.toHaveProperty('phone_number')

  const access = () => page.evaluate(async () => (await window.manager.getUser())?.access_token)
  const first = await access()
  await page.evaluate(() => window.manager.signinSilent())
  const second = await access()
  expect(second).not.toBe(first)

  // Any program on this machine could listen at an address like this one, so
  // that nobody gets a code for it without a person's press (RFC 8252 §8.6).
  const framed = await page.evaluate(() =>
    window.manager.signinSilent({ forceIframeAuth: true }).then(
      () => 'signed in',
      (error: { error?: string }) => error.error,
    ),
  )
  expect(framed).toBe('consent_required')
  await go(page, { prompt: 'none', state: 'again' })
  await expect(state(page)).toHaveText('error: consent_required')

  // A token that is given back is of no use to whoever finds it.
  const last = await access()
  await page.evaluate(() => window.manager.revokeTokens())
  const status = await page.evaluate(
    async ([url, token]) => {
      const headers = { Authorization: `Bearer ${token}` }
      return (await fetch(`${url}/oauth2/userinfo`, { headers })).status
    },
    [origin, last] as const,
  )
  expect(status).toBe(401)

  await page.evaluate(() => void window.manager.signoutRedirect())
  await expect(state(page)).toHaveText('signed out')
  expect((await page.request.get('/api/v1/account')).status()).toBe(401)
})

test.describe('prompt=none', () => {
  test('needs a session', async ({ page }) => {
    await page.goto(own.url)
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('error: login_required')
    const silent = await page.evaluate(() =>
      window.manager.signinSilent({ forceIframeAuth: true }).then(
        () => 'signed in',
        (error: { error?: string }) => error.error,
      ),
    )
    expect(silent).toBe('login_required')
  })

  test('needs the consent to everything that is asked for', async ({ page, flow, language }) => {
    await loggedIn(page)
    await page.goto(own.url)
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('error: consent_required')
    await go(page, { ui_locales: language })
    await flow.allow(NAME[language])
    await expect(state(page)).toHaveText('signed in')
    await go(page, { prompt: 'none', scope: 'openid phone' })
    await expect(state(page)).toHaveText('error: consent_required')
  })

  test('cannot ask for a login that is fresher than the session', async ({
    page,
    flow,
    language,
  }) => {
    await loggedIn(page)
    await page.goto(own.url)
    await go(page, { ui_locales: language })
    await flow.allow(NAME[language])
    await expect(state(page)).toHaveText('signed in')
    await page.waitForTimeout(2100)
    await go(page, { prompt: 'none', max_age: 1 })
    await expect(state(page)).toHaveText('error: login_required')
  })

  test('goes with no other prompt', async ({ page }) => {
    await page.goto(own.url)
    await go(page, { prompt: 'none login' })
    await expect(state(page)).toHaveText('error: invalid_request')
  })
})

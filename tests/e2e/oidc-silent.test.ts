/** prompt=none at systems on the Web: whoever has agreed is known again without a press. */
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import * as oidc from 'openid-client'
import { loggedIn, logIn } from './support/account'
import { LibrarySystem } from './support/library'
import { expect, test, type Page, type SignIn } from './support/sign-in'
import { go, NAME, profile, registerPage, served, state } from './support/web-page'
import { origin } from './playwright.config'

/** A server at an https address of a site of its own: browsers find *.localhost on this machine. */
async function secure(
  name: string,
  answer: (pathname: string) => { type: string; body: string },
): Promise<{ own: string; server: Server }> {
  const made =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -keyout - -subj'
  const arguments_ = [...made.split(' '), `/CN=${name}.localhost`]
  const { stdout: pem } = await promisify(execFile)('openssl', arguments_)
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    const { type, body } = answer(new URL(request.url ?? '/', 'https://localhost').pathname)
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { own: `https://${name}.localhost:${(server.address() as AddressInfo).port}`, server }
}

// Nobody vouches for its certificate.
test.use({ ignoreHTTPSErrors: true })

/** The addresses that the browser stops at, from now on. */
function stops(page: Page): string[] {
  const urls: string[] = []
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) urls.push(new URL(frame.url()).origin)
  })
  return urls
}

const withdraw = async (page: Page, clientId: string): Promise<void> => {
  const answer = await page.request.delete(`/api/v1/account/authorized-systems/${clientId}`, {
    headers: { Origin: origin },
  })
  expect(answer.status(), await answer.text()).toBe(204)
}

const signOut = async (page: Page): Promise<void> => {
  const answer = await page.request.delete('/api/v1/sessions/current', {
    headers: { Origin: origin },
  })
  expect(answer.status(), await answer.text()).toBe(204)
}

test.describe('a page without a server, at an https address', () => {
  let own = ''
  let clientId = ''
  let server: Server
  test.beforeAll(async () => {
    ;({ own, server } = await secure('shop', (pathname) => served(pathname, clientId)))
    clientId = (await registerPage(own)).client.id
  })
  test.afterAll(() => server.close())

  const agrees = async (page: Page, flow: SignIn): Promise<void> => {
    await page.goto(own)
    await go(page, { ui_locales: flow.language })
    await flow.allow(NAME[flow.language])
    await expect(state(page)).toHaveText('signed in')
  }
  /** The page forgets the person: what it knows afterwards, it was told anew. */
  const forgets = async (page: Page): Promise<void> => {
    await page.evaluate(() => window.manager.removeUser())
    await page.reload()
    await expect(state(page)).toHaveText('signed out')
  }

  test('whoever has agreed is known again without seeing a page of Shiming', async ({
    page,
    flow,
  }) => {
    const someone = await loggedIn(page)
    await agrees(page, flow)
    const { sub } = await profile(page)
    await forgets(page)
    const seen = stops(page)
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('signed in')
    expect(await profile(page)).toMatchObject({ sub, preferred_username: someone.username })
    expect(new Set(seen)).toEqual(new Set([own]))
    // The page's address holds nothing of it.
    await expect(page).toHaveURL(`${own}/`)
  })

  test('whoever has not agreed, or to less, or no longer, is sent back unknown', async ({
    page,
    flow,
  }) => {
    await loggedIn(page)
    await page.goto(own)
    const seen = stops(page)
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('error: consent_required')
    expect(new Set(seen)).toEqual(new Set([own]))
    await agrees(page, flow)
    await go(page, { prompt: 'none', scope: 'openid phone' })
    await expect(state(page)).toHaveText('error: consent_required')
    await page.goto(own)
    await withdraw(page, clientId)
    await expect(state(page)).toHaveText('signed in')
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('error: consent_required')
  })

  test('whoever has signed out is sent back unknown, until the next login', async ({
    page,
    flow,
  }) => {
    const someone = await loggedIn(page)
    await agrees(page, flow)
    await signOut(page)
    await forgets(page)
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('error: login_required')
    await logIn(page, someone)
    await go(page, { prompt: 'none' })
    await expect(state(page)).toHaveText('signed in')
  })
})

test.describe('a system with a secret, by openid-client', () => {
  let server: Server
  let office: LibrarySystem
  const title = { 'zh-CN': '办公系统', en: 'Office' }
  test.beforeAll(async () => {
    // Only the address that the browser is sent to is of interest.
    const served = () => ({ type: 'text/plain', body: 'thank you' })
    const made = await secure('office', served)
    server = made.server
    const metadata = {
      client_name: title['zh-CN'],
      'client_name#en': title.en,
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'openid profile',
    }
    office = await LibrarySystem.make(made.own, metadata, oidc.ClientSecretBasic)
  })

  test.afterAll(() => server.close())

  /** From the system to Shiming and back; who the system says it is, or why it does not know. */
  const visits = async (page: Page, prompt: Record<string, string>, press = async () => {}) => {
    const { parameters, checks } = await office.request('openid profile', prompt)
    const back = office.answer(page)
    await page.goto(oidc.buildAuthorizationUrl(office.config, parameters).href)
    await press()
    try {
      const { person } = await office.finish(await back, checks)
      return String(person.preferred_username)
    } catch (error) {
      if (error instanceof oidc.AuthorizationResponseError) return error.error
      throw error
    }
  }

  test('a person is known silently while signed in and agreed, and never otherwise', async ({
    page,
    flow,
    language,
  }) => {
    const none = { prompt: 'none' }
    expect(await visits(page, none)).toBe('login_required')
    const someone = await loggedIn(page)
    expect(await visits(page, none)).toBe('consent_required')
    const agrees = () => flow.allow(title[language])
    expect(await visits(page, { ui_locales: language }, agrees)).toBe(someone.username)
    const seen = stops(page)
    expect(await visits(page, none)).toBe(someone.username)
    await expect.poll(() => new Set(seen)).toEqual(new Set([office.own]))
    await withdraw(page, office.clientId)
    expect(await visits(page, none)).toBe('consent_required')
    await signOut(page)
    expect(await visits(page, none)).toBe('login_required')
  })
})

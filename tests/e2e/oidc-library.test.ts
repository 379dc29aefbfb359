/** What only some systems need, with openid-client: units, and requests and proofs without a secret. */
import * as oidc from 'openid-client'
import { loggedIn, member } from './support/account'
import { LibrarySystem } from './support/library'
import { operator } from './support/operator'
import { ok, told, unit } from './support/rest'
import { expect, fill, test, type Page } from './support/sign-in'
import { origin } from './playwright.config'

/** Only the address that the browser comes back to is of interest. */
const nobodyListens = (page: Page, own: string) =>
  page.route(`${own}/**`, (route) => route.fulfill({ body: 'thank you' }))

test('a unit waits for approval, and then gets in, with its data', async ({
  page,
  flow,
  texts,
  language,
  accessible,
}) => {
  const title = { 'zh-CN': '单位申报系统', en: 'Declarations by units' }
  const metadata = {
    client_name: title['zh-CN'],
    'client_name#en': title.en,
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: 'openid profile unit',
  }
  const own = 'https://units.example.gov.cn'
  const system = await LibrarySystem.make(own, metadata, oidc.ClientSecretBasic)
  await nobodyListens(page, own)
  const mine = unit()
  const agent = await member(page, mine)
  const named = { system: title[language] }
  const comes = async () => {
    const wish = { ui_locales: language }
    const { parameters, checks } = await system.request('openid profile unit', wish)
    await page.goto(oidc.buildAuthorizationUrl(system.config, parameters).href)
    return checks
  }

  // What is missing is told to the agent, and to the system.
  const refused = await comes()
  await flow.logIn(agent.username)
  const { refused: words, back } = texts.authorize
  await flow.heading(fill(words.unit.title, named))
  await expect(page.getByText(words.unit.text)).toBeVisible()
  await accessible('a unit that was not approved')
  const [sent] = await Promise.all([
    system.answer(page),
    page.getByRole('button', { name: fill(back, named), exact: true }).click(),
  ])
  await expect(system.finish(sent, refused)).rejects.toMatchObject({ error: 'access_denied' })

  // Once it is approved the request that waits goes on.
  const checks = await comes()
  await flow.heading(fill(words.unit.title, named))
  await page.getByRole('link', { name: words.look, exact: true }).click()
  await expect(page.getByText(texts.account.unit.pending.text)).toBeVisible()
  const { id } = await ok<{ id: string }>(page.request, ['GET', '/account'])
  await operator('units', 'approve', id)
  await told(page.request, agent.phone, '您办理的单位用户已审核通过')
  const link = fill(texts.core.waiting.back, named)
  await page.getByRole('link', { name: link, exact: true }).click()
  await flow.consentAsked(title[language])
  await accessible('consent of a unit')
  const [came] = await Promise.all([system.answer(page), flow.allow(title[language])])
  const { tokens, person } = await system.finish(came, checks)
  expect(tokens.scope?.split(' ')).toContain('unit')
  expect(person).toMatchObject({
    preferred_username: agent.username,
    user_type: 'unit',
    unit: {
      name: mine.name,
      unified_social_credit_code: mine.credit_code,
      // Of a person, so masked unless the operator grants more.
      legal_representative: '张*',
      state: 'approved',
    },
  })
  expect(person).not.toHaveProperty('document_number')
})

/** A key pair, and what is registered of it. */
async function keys(kid: string) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return {
    proof: oidc.PrivateKeyJwt({ key: pair.privateKey, kid }),
    jwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' },
  }
}

test('a system without a secret pushes its requests, and proves itself with its key', async ({
  page,
  flow,
  language,
  expected,
}) => {
  expected.statuses.push(400)
  const title = { 'zh-CN': '档案系统', en: 'Archive' }
  const [mine, other] = [await keys('archive'), await keys('archive')]
  const metadata = {
    client_name: title['zh-CN'],
    'client_name#en': title.en,
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [mine.jwk] },
    require_pushed_authorization_requests: true,
    scope: 'openid profile',
  }
  const own = 'https://archive.example.gov.cn'
  const system = await LibrarySystem.make(own, metadata, () => mine.proof)
  await nobodyListens(page, own)
  const someone = await loggedIn(page)

  const wish = { ui_locales: language }
  const { parameters, checks } = await system.request('openid profile', wish)
  const url = await oidc.buildAuthorizationUrlWithPAR(system.config, parameters)
  // Nothing else passes through the browser.
  expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  await page.goto(url.href)
  const [came] = await Promise.all([system.answer(page), flow.allow(title[language])])
  const { tokens, person } = await system.finish(came, checks)
  expect(person.preferred_username).toBe(someone.username)

  const { refresh_token: refresh = '' } = tokens
  const renewed = await oidc.refreshTokenGrant(system.config, refresh)
  const asked = () => oidc.tokenIntrospection(system.config, renewed.access_token)
  expect(await asked()).toMatchObject({ active: true, sub: person.sub })
  await oidc.tokenRevocation(system.config, renewed.access_token)
  expect(await asked()).toEqual({ active: false })

  // A pushed request is for one use, and for whoever has the key; one that was not
  // pushed is refused.
  const used = await page.goto(url.href)
  expect(used?.status()).toBe(400)
  await expect(page).toHaveURL(url.href)
  const stranger = await LibrarySystem.discovered(system.clientId, other.proof)
  const again = await system.request('openid profile')
  const pushed = oidc.buildAuthorizationUrlWithPAR(stranger, again.parameters)
  await expect(pushed).rejects.toMatchObject({ error: 'invalid_client' })
  const open = oidc.buildAuthorizationUrl(system.config, again.parameters)
  const reply = await page.request.get(open.href, { maxRedirects: 0 })
  const location = new URL(reply.headers()['location'] ?? '', origin)
  expect(location.origin).toBe(own)
  expect(location.searchParams.get('error')).toBe('invalid_request')
})

/** What a person is shown of business systems beside the sign-in. */
import type { APIRequestContext } from '@playwright/test'
import { loggedIn } from './support/account'
import { ok } from './support/rest'
import { expect, fill, test } from './support/sign-in'
import { register } from './support/systems'

const HR = { 'zh-CN': '人事系统（核验）', en: 'HR system (checks)' }
const OWNER = { 'zh-CN': '某某局', en: 'Some bureau' }

/** A business system that may check identities; its token. */
async function checker(request: APIRequestContext): Promise<string> {
  const { client, client_secret: secret = '' } = await register({
    client_name: HR['zh-CN'],
    'client_name#en': HR.en,
    owner: OWNER['zh-CN'],
    'owner#en': OWNER.en,
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
    scope: 'identity:check',
  })
  const answer = await request.post('/oauth2/token', {
    form: { grant_type: 'client_credentials', client_id: client.id, client_secret: secret },
  })
  expect(answer.status(), await answer.text()).toBe(200)
  return ((await answer.json()) as { access_token: string }).access_token
}

test('a person reads which system checked his identity, what for, and with what outcome', async ({
  page,
  texts,
  language,
  request,
  accessible,
}) => {
  const someone = await loggedIn(page)
  const { name, document_type, document_number } = someone
  const headers = { Authorization: `Bearer ${await checker(request)}` }
  const asked = [
    { name, purpose: '事业单位公开招聘资格审核', match: true },
    { name: '欧阳娜娜', purpose: '入职核验', match: false },
  ]
  for (const { name, purpose, match } of asked) {
    const data = { name, document_type, document_number, purpose }
    const answer = await ok<object>(request, ['POST', '/identity-checks'], { headers, data })
    expect(answer).toMatchObject({ match })
  }

  const { checks, owner } = texts.systems
  await page.goto('/account')
  await page.getByRole('link', { name: texts.account.more.checks, exact: true }).click()
  const cards = page.getByRole('list', { name: checks.list }).getByRole('listitem')
  await expect(cards).toHaveCount(asked.length)
  // The newest first.
  for (const [at, { purpose, match }] of [...asked].reverse().entries()) {
    const card = cards.nth(at)
    await expect(card.getByText(HR[language], { exact: true })).toBeVisible()
    await expect(card.getByText(match ? checks.matched : checks.different)).toBeVisible()
    await expect(card.getByText(fill(checks.purpose, { purpose }), { exact: true })).toBeVisible()
    await expect(card.getByText(fill(owner, { owner: OWNER[language] }))).toBeVisible()
    const when = (await card.locator('time').getAttribute('datetime')) ?? ''
    expect(Math.abs(Date.now() - Date.parse(when))).toBeLessThan(60_000)
  }
  // Which name was asked for with one's number is told to nobody.
  await expect(page.getByText('欧阳娜娜')).toHaveCount(0)
  await accessible('who checked my identity')
})

// Words of the pages without JavaScript that the web client does not have.
const words = {
  'zh-CN': {
    fault: '业务系统发来的登录请求有误',
    asked: '退出登录？',
    stay: '保持登录',
    stayed: '您仍处于登录状态',
    out: '已退出登录',
    sign_out: '退出登录',
  },
  en: {
    fault: 'The business system’s login request is not right',
    asked: 'Log out?',
    stay: 'Stay logged in',
    stayed: 'You are still logged in',
    out: 'You have logged out',
    sign_out: 'Log out',
  },
}

test('whoever is sent to sign out without proof is asked first', async ({
  page,
  flow,
  language,
  accessible,
}) => {
  const t = words[language]
  const signedIn = async () => (await page.request.get('/api/v1/account')).status()
  await loggedIn(page)
  await page.goto('/oauth2/logout')
  await flow.heading(t.asked)
  await accessible('whether to sign out')
  await page.getByRole('button', { name: t.stay, exact: true }).click()
  await flow.heading(t.stayed)
  await accessible('still signed in')
  expect(await signedIn()).toBe(200)

  await page.goto('/oauth2/logout')
  await page.getByRole('button', { name: t.sign_out, exact: true }).click()
  await flow.heading(t.out)
  await accessible('signed out')
  expect(await signedIn()).toBe(401)
})

test('a request of a system that nobody knows ends at a page that says so', async ({
  page,
  flow,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(400)
  await page.goto('/oauth2/authorize?client_id=nobody&redirect_uri=https%3A%2F%2Fevil.example%2F')
  await flow.heading(words[language].fault)
  await expect(page).toHaveURL(/\/oauth2\/authorize/)
  await accessible('a request that is not right')
})

/** One account for every system: 考生服务系统, with openid-client, in a real browser. */
import { loggedIn, member } from './support/account'
import { person } from './support/people'
import { expect, fill, test } from './support/sign-in'

test.describe.configure({ timeout: 90_000 })

test('a candidate logs in, agrees, and is known by the name that the bank knows', async ({
  page,
  flow,
  system,
  candidate,
  texts,
  accessible,
}) => {
  const someone = await member(page)
  await page.goto(system.url)
  for (const label of ['login', 'register', 'username', 'password', 'maintain', 'help'] as const) {
    await expect(
      page.getByRole('link', { name: candidate.login[label], exact: true }),
    ).toBeVisible()
  }
  await accessible('candidate service: login')
  await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
  await expect(
    page.getByText(fill(texts.authorize.sign_in.to, { system: candidate.title })),
  ).toBeVisible()
  await accessible('login on the way to a system')
  await flow.logIn(someone.username)

  await flow.consentAsked()
  await accessible('consent')
  await expect(page.getByText(candidateOwner[flow.language])).toBeVisible()
  const items = ['username', 'user_type', 'phone', 'name', 'document_type', 'gender'] as const
  for (const item of [...items, 'document_number_masked', 'birth_date', 'verification'] as const) {
    const asked = page.getByRole('listitem').getByText(texts.items[item], { exact: true })
    await expect(asked).toHaveCount(1)
  }
  await expect(page.getByText(texts.items.document_number, { exact: true })).toHaveCount(0)
  await flow.allow()

  await flow.heading(candidate.me.title)
  await expect(page).toHaveURL(`${system.url}/me`)
  const about = page.getByRole('region', { name: candidate.me.verified })
  for (const value of [someone.name, candidate.documents.RESIDENT_ID, someone.username]) {
    await expect(about.getByText(value, { exact: true })).toBeVisible()
  }
  await expect(about.getByText(candidate.me.methods.cn_bank_card_four_elements)).toBeVisible()
  await expect(about.getByText(candidate.me.when)).toBeVisible()
  await expect(page.getByText(someone.document_number)).toHaveCount(0)
  await expect(page.getByText(someone.phone)).toHaveCount(0)
  await accessible('candidate service: person')

  await page.getByRole('button', { name: candidate.exams.apply }).first().click()
  await expect(page.getByRole('status')).toHaveText(candidate.exams.done)
  // Other tokens, and the newest information.
  for (const _ of [1, 2]) {
    await page.getByRole('button', { name: candidate.me.refresh, exact: true }).click()
    await expect(page.getByRole('status')).toHaveText(candidate.me.refreshed)
  }

  // Both are signed out by one press.
  await page.getByRole('button', { name: candidate.me.sign_out, exact: true }).click()
  await flow.heading(candidate.signed_out.title)
  expect((await page.request.get('/api/v1/account')).status()).toBe(401)

  // What was agreed to is not asked again.
  await page.getByRole('link', { name: candidate.signed_out.again, exact: true }).click()
  await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
  await flow.logIn(someone.username)
  await flow.heading(candidate.me.title)
  await expect(page.getByText(candidate.exams.applied, { exact: true })).toBeVisible()
})

const candidateOwner = {
  'zh-CN': '深圳市考试院（示例）',
  en: 'Examinations authority (example)',
}

test('somebody without an account registers and comes back to where he came from', async ({
  page,
  flow,
  system,
  candidate,
  texts,
  accessible,
}) => {
  const someone = await person(page.request, 'rare character')
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.register, exact: true }).click()
  await flow.credentials()
  await flow.identity(someone)
  await flow.bank(someone)
  await flow.code(someone)
  await accessible('registered on the way to a system')
  const back = fill(texts.core.waiting.back, { system: candidate.title })
  await page.getByRole('link', { name: back, exact: true }).click()
  await flow.logIn(flow.username)
  await flow.allow()
  await flow.heading(candidate.me.title)
  await expect(page.getByText(someone.name, { exact: true })).toBeVisible()
})

test('who refuses is sent back without being known', async ({
  page,
  flow,
  system,
  candidate,
  expected,
  accessible,
}) => {
  expected.statuses.push(400)
  await loggedIn(page)
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
  await flow.deny()
  await flow.heading(candidate.problem.title)
  await expect(page.getByText(candidate.problem.access_denied)).toBeVisible()
  await accessible('candidate service: refused')
  await page.goto(`${system.url}/me`)
  await expect(page).toHaveURL(`${system.url}/`)
})

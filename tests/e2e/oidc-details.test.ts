/** One account for every system: how tokens and sessions end, and what a system may ask for. */
import { logIn, member } from './support/account'
import { NEW_PASSWORD, Recovery } from './support/recovery'
import { codeOf } from './support/rest'
import { expect, fill, test } from './support/sign-in'
import { FRESH_SECONDS } from './support/systems'
import { origin } from './playwright.config'

test.describe.configure({ timeout: 90_000 })

test('somebody who has forgotten his password resets it and comes back', async ({
  page,
  flow,
  system,
  candidate,
  texts,
  language,
  request,
}) => {
  const someone = await member(page)
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
  await flow.heading(texts.core.login.title)
  await page
    .getByRole('link', { name: texts.core.links.forgot_password, exact: true })
    .first()
    .click()
  const recovery = new Recovery(page, texts, language)
  // The login page has a username and a captcha, too.
  await recovery.heading(texts.recovery.password.title)
  await recovery.user(someone.username)
  await recovery.choose('document_and_sms')
  await recovery.identity(someone)
  await recovery.enter(await codeOf(request, someone.phone, 'password_recovery'))
  await recovery.reset()
  const back = fill(texts.core.waiting.back, { system: candidate.title })
  await page.getByRole('link', { name: back, exact: true }).click()
  await flow.logIn(someone.username, NEW_PASSWORD)
  await flow.allow()
  await flow.heading(candidate.me.title)
})

test('a consent that is withdrawn ends the tokens, and is asked for again', async ({
  page,
  flow,
  system,
  candidate,
  texts,
  expected,
  accessible,
}) => {
  expected.statuses.push(400)
  const someone = await member(page)
  await flow.toCandidateService(system.url, someone.username)
  await page.goto('/account/authorized-systems')
  const card = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: candidate.title }) })
  await expect(card.getByText(texts.items.phone)).toBeVisible()
  await accessible('authorized systems')
  await card.getByRole('button', { name: texts.systems.withdraw.open }).click()
  await expect(card.getByRole('button', { name: texts.systems.withdraw.no })).toBeVisible()
  await accessible('a consent that is about to be withdrawn')
  await card.getByRole('button', { name: texts.systems.withdraw.yes, exact: true }).click()
  await expect(
    page.getByText(fill(texts.systems.withdraw.done, { system: candidate.title })),
  ).toBeVisible()

  await page.goto(`${system.url}/me`)
  await page.getByRole('button', { name: candidate.me.refresh, exact: true }).click()
  await flow.heading(candidate.problem.title)
  await expect(page.getByText(candidate.problem.withdrawn)).toBeVisible()
  await page.getByRole('link', { name: candidate.problem.back, exact: true }).click()
  await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
  await flow.allow()
  await flow.heading(candidate.me.title)
})

test('who signs out of Shiming is signed out of the system, too', async ({
  page,
  flow,
  system,
  candidate,
  texts,
}) => {
  const someone = await member(page)
  await flow.toCandidateService(system.url, someone.username)
  await page.goto('/account')
  await page.getByRole('button', { name: texts.account.sign_out, exact: true }).click()
  await flow.heading(texts.core.login.title)
  // The system is told by Shiming itself.
  await expect
    .poll(async () => {
      await page.goto(`${system.url}/me`)
      return page.url()
    })
    .toBe(`${system.url}/`)
  await expect(page.getByRole('link', { name: candidate.login.login, exact: true })).toBeVisible()
})

test('a session that is ended from another device ends at the system, too', async ({
  page,
  flow,
  system,
  browser,
  language,
}) => {
  const someone = await member(page)
  await flow.toCandidateService(system.url, someone.username)
  const other = await browser.newContext({ locale: language })
  const elsewhere = await other.newPage()
  await logIn(elsewhere, someone)
  const { items } = (await (await elsewhere.request.get('/api/v1/sessions')).json()) as {
    items: { id: string; current: boolean }[]
  }
  const first = items.find(({ current }) => !current)
  const ended = await elsewhere.request.delete(`/api/v1/sessions/${first?.id}`, {
    headers: { Origin: origin },
  })
  expect(ended.status()).toBe(204)
  await other.close()
  await expect
    .poll(async () => {
      await page.goto(`${system.url}/me`)
      return page.url()
    })
    .toBe(`${system.url}/`)
})

test('a page that needs a fresh login gets one, and goes on', async ({
  page,
  flow,
  system,
  candidate,
  texts,
}) => {
  const someone = await member(page)
  await flow.toCandidateService(system.url, someone.username)
  await page.getByRole('button', { name: candidate.exams.apply }).first().click()
  await page.waitForTimeout((FRESH_SECONDS + 1) * 1000)
  await page.getByRole('link', { name: candidate.exams.ticket, exact: true }).click()
  await expect(
    page.getByText(fill(texts.authorize.sign_in.password_again, { system: candidate.title })),
  ).toBeVisible()
  await flow.logIn(someone.username)
  await flow.heading(candidate.ticket.title)
  await expect(page.getByText(someone.name, { exact: true })).toBeVisible()
})

/** The ways to Shiming on the candidate service's login page: each leads back to it. */
import { loggedIn, member } from './support/account'
import { PASSWORD } from './support/flow'
import { NEW_PASSWORD, Recovery } from './support/recovery'
import { codeOf, told } from './support/rest'
import { expect, fill, test, type Page, type SignIn } from './support/sign-in'

test.describe.configure({ timeout: 90_000 })

/** Goes on to the candidate service, which is offered. */
async function goOn(page: Page, flow: SignIn): Promise<void> {
  const back = fill(flow.texts.core.waiting.back, { system: flow.system })
  await page.getByRole('link', { name: back, exact: true }).click()
}

test('who has forgotten his username finds it, and goes on to the system', async ({
  page,
  flow,
  system,
  candidate,
  texts,
  language,
  request,
}) => {
  const someone = await member(page)
  const recovery = new Recovery(page, texts, language)
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.username, exact: true }).click()
  await recovery.heading(texts.recovery.username.title)
  await recovery.person(someone)
  await recovery.send()
  await recovery.enter(await codeOf(request, someone.phone, 'username_recovery'))
  await recovery.heading(texts.recovery.username.steps.done)
  await told(request, someone.phone, someone.username)
  await goOn(page, flow)
  await flow.logIn(someone.username)
  await flow.allow()
  await flow.heading(candidate.me.title)
  await expect(page).toHaveURL(`${system.url}/me`)
})

test('who has forgotten his password resets it, and goes on to the system', async ({
  page,
  flow,
  system,
  candidate,
  texts,
  language,
  request,
}) => {
  // Still logged in at Shiming: he is asked for what he came for all the same.
  const someone = await loggedIn(page)
  const recovery = new Recovery(page, texts, language)
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.password, exact: true }).click()
  await recovery.heading(texts.recovery.password.title)
  // Who looks at the page again is still there.
  await page.reload()
  await recovery.heading(texts.recovery.password.title)
  await recovery.user(someone.username)
  await recovery.choose('document_and_sms')
  await recovery.identity(someone)
  await recovery.enter(await codeOf(request, someone.phone, 'password_recovery'))
  await recovery.reset()
  await goOn(page, flow)
  await flow.logIn(someone.username, NEW_PASSWORD)
  await flow.allow()
  await flow.heading(candidate.me.title)
  await expect(page).toHaveURL(`${system.url}/me`)
})

test('who maintains his information goes on to the system afterwards', async ({
  page,
  flow,
  system,
  candidate,
  texts,
}) => {
  const someone = await member(page)
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.maintain, exact: true }).click()
  await flow.heading(texts.core.login.title)
  await flow.signIn(PASSWORD, someone.username)
  await flow.heading(texts.account.title)
  await goOn(page, flow)
  await flow.allow()
  await flow.heading(candidate.me.title)
  await expect(page).toHaveURL(`${system.url}/me`)
})

test('who is logged in already maintains his information at once', async ({
  page,
  flow,
  system,
  candidate,
  texts,
}) => {
  await loggedIn(page)
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.maintain, exact: true }).click()
  await flow.heading(texts.account.title)
  await goOn(page, flow)
  await flow.allow()
  await flow.heading(candidate.me.title)
})

test('who looks for help finds it', async ({ page, system, candidate, texts }) => {
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.help, exact: true }).click()
  await expect(page).toHaveURL(/\/help$/)
  await expect(page).toHaveTitle(new RegExp(texts.core.product))
})

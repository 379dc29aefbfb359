/** The same flow as HTML, for browsers without JavaScript. */
import { loggedIn, member } from './support/account'
import { PASSWORD } from './support/flow'
import { expect, test, type Page } from './support/sign-in'
import type { Texts } from './support/test'

/** Its words are those of the web client. */
const words = ({ core, authorize }: Texts) => ({
  username: core.fields.username,
  password: core.fields.password,
  captcha: core.captcha.label,
  signIn: core.login.submit,
  allow: authorize.consent.allow,
  deny: authorize.consent.deny,
})
type Words = ReturnType<typeof words>

async function signIn(page: Page, t: Words, username: string, password: string) {
  await page.getByLabel(t.username, { exact: true }).fill(username)
  await page.getByLabel(t.password, { exact: true }).fill(password)
  const image = (await page.locator('img').getAttribute('src')) ?? ''
  const id = /captchas\/([^/]+)/.exec(image)?.[1] ?? ''
  const answer = await page.request.get(`/sandbox/v1/captchas/${id}`)
  const solution = (await answer.json()) as { answer: string }
  await page.getByLabel(t.captcha, { exact: true }).fill(solution.answer)
  await page.getByRole('button', { name: t.signIn, exact: true }).click()
}

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('a candidate logs in, agrees, applies and logs out', async ({
    page,
    flow,
    system,
    candidate,
    texts,
    expected,
  }) => {
    expected.statuses.push(401)
    const t = words(texts)
    const someone = await member(page)
    await page.goto(system.url)
    await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
    // The web client says where to go on without it.
    await page.locator('noscript a, a[href^="/oauth2/plain"]').first().click()

    await signIn(page, t, someone.username, 'not the password 1')
    await expect(page.getByRole('alert')).toBeVisible()
    await expect(page.getByLabel(t.username, { exact: true })).toHaveValue(someone.username)
    await expect(page.getByLabel(t.password, { exact: true })).toHaveValue('')
    await signIn(page, t, someone.username, PASSWORD)

    await expect(page.getByText(candidate.title).first()).toBeVisible()
    await page.getByRole('button', { name: t.allow, exact: true }).click()
    await flow.heading(candidate.me.title)
    await expect(page.getByText(someone.name, { exact: true })).toBeVisible()

    await page.getByRole('button', { name: candidate.exams.apply }).first().click()
    await expect(page.getByRole('status')).toHaveText(candidate.exams.done)
    await page.getByRole('button', { name: candidate.me.sign_out, exact: true }).click()
    await flow.heading(candidate.signed_out.title)
  })

  test('who refuses goes back', async ({ page, flow, system, candidate, texts, expected }) => {
    expected.statuses.push(400)
    const t = words(texts)
    const someone = await member(page)
    await page.goto(system.url)
    await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
    await page.locator('noscript a, a[href^="/oauth2/plain"]').first().click()
    await signIn(page, t, someone.username, PASSWORD)
    await page.getByRole('button', { name: t.deny, exact: true }).click()
    await flow.heading(candidate.problem.title)
  })
})

test('the pages are accessible', async ({ page, system, candidate, texts, accessible }) => {
  await page.goto(system.url)
  await page.getByRole('link', { name: candidate.login.login, exact: true }).click()
  await expect(page).toHaveURL(/\/authorize\//)
  await page.goto('/oauth2/plain')
  await expect(page.getByLabel(words(texts).username, { exact: true })).toBeVisible()
  await accessible('login without JavaScript')
  await loggedIn(page)
  await page.goto('/oauth2/plain')
  await expect(page.getByRole('button', { name: words(texts).allow, exact: true })).toBeVisible()
  await accessible('consent without JavaScript')
})

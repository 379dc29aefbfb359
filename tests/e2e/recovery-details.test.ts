/** Recoveries: going back, beginning anew, and people who have no account. */
import { person, moved, unique } from './support/people'
import { NEW_PASSWORD, Recovery } from './support/recovery'
import { codeOf, inbox, registered, unit } from './support/rest'
import { expect, fill, test } from './support/test'

test('every step survives reload, and Back leads to what may be changed', async ({
  page,
  texts,
  language,
  request,
}) => {
  const someone = await person(request, 'passport')
  const username = await registered(request, someone)
  const { recovery } = texts
  const flow = new Recovery(page, texts, language)
  await flow.start('password')
  await flow.user(username)
  await page.reload()
  await flow.heading(recovery.method.title)
  await flow.choose('document_and_sms')
  await flow.heading(recovery.identity.title)
  await page.goBack()
  await flow.heading(recovery.method.title)
  await page.goForward()
  await page.reload()
  await flow.identity(someone)
  await page.goBack()
  await flow.heading(recovery.identity.title)
  await expect(page.locator('#phone')).toHaveValue(someone.phone)
  // The code on its way is not lost.
  await page.getByRole('link', { name: recovery.sent.enter }).click()
  await flow.heading(recovery.code.title_password)
  await page.reload()
  await flow.heading(recovery.code.title_password)
  await flow.enter(await codeOf(request, someone.phone, 'password_recovery'))
  await flow.heading(recovery.reset.title)
  await page.reload()
  await expect(page.getByLabel(texts.core.fields.username, { exact: true })).toHaveValue(username)
  // The code is used: there is nothing to go back to.
  await page.goBack()
  await flow.heading(recovery.reset.title)
  await flow.reset()
  await page.reload()
  await flow.heading(recovery.password.steps.done)
  await page.goBack()
  await flow.heading(recovery.password.steps.done)
})

test('no step can be skipped', async ({ page, texts, language }) => {
  const { recovery } = texts
  const flow = new Recovery(page, texts, language)
  for (const step of ['method', 'identity', 'code', 'questions', 'reset', 'done']) {
    await page.goto(`/recovery/password/${step}`)
    await flow.heading(recovery.password.title)
  }
  for (const step of ['code', 'done']) {
    await page.goto(`/recovery/username/${step}`)
    await flow.heading(recovery.username.title)
  }
  await page.goto('/recovery/phone')
  await expect(page).toHaveURL(/help#phone-disabled/)
  await flow.start('password')
  await flow.user(`user${unique(9)}`)
  for (const step of ['identity', 'code', 'questions', 'reset', 'done']) {
    await page.goto(`/recovery/password/${step}`)
    await flow.heading(recovery.method.title)
  }
})

test('an open recovery can be gone on with, and another one takes its place', async ({
  page,
  texts,
  language,
  request,
}) => {
  const someone = await person(request, 'permit')
  const { recovery } = texts
  const flow = new Recovery(page, texts, language)
  await flow.start('username')
  await flow.person(someone)
  // From another page, and after the browser has forgotten what was typed.
  await flow.start('password')
  await expect(page.getByText(recovery.open.username)).toBeVisible()
  await page.getByRole('link', { name: recovery.open.go_on, exact: true }).click()
  await flow.heading(recovery.code.title_username)
  await flow.start('password')
  await flow.user(`user${unique(9)}`)
  await page.goto('/recovery/username/code')
  await flow.heading(recovery.method.title)
  await flow.start('username')
  await expect(page.getByText(recovery.open.password)).toBeVisible()
})

test('what the server has erased begins again, with what was typed', async ({
  page,
  texts,
  language,
  request,
  baseURL,
  expected,
}) => {
  expected.statuses.push(404)
  const someone = await person(request, 'permit')
  const { recovery } = texts
  const flow = new Recovery(page, texts, language)
  const headers = { Origin: baseURL ?? '' }
  const erase = async (): Promise<void> => {
    const current = await page.request.get('/api/v1/recoveries/current')
    const { id } = (await current.json()) as { id: string }
    const gone = await page.request.delete(`/api/v1/recoveries/${id}`, { headers })
    expect(gone.status()).toBe(204)
  }
  await flow.start('username')
  await flow.person(someone)
  await erase()
  await flow.send()
  const refused = page.getByRole('alert')
  await expect(refused).toContainText(recovery.problems.flow_not_found.title)
  await refused.getByRole('button', { name: recovery.again, exact: true }).click()
  await flow.heading(recovery.username.title)
  await expect(page.locator('#name')).toHaveValue(someone.name)
  await flow.person(someone)
  await erase()
  await page.reload()
  await flow.heading(recovery.problems.flow_not_found.title)
  await expect(page.getByText(recovery.expiry.nothing_kept)).toBeVisible()
})

test('whoever has no account sees the very same pages', async ({
  page,
  browser,
  texts,
  language,
  request,
  baseURL,
  expected,
}) => {
  expected.statuses.push(409, 422)
  const known = await person(request, 'resident ID')
  const username = await registered(request, known)
  const unknown = await person(request, 'resident ID')
  const locale = language === 'en' ? 'en-GB' : 'zh-CN'
  const { recovery } = texts

  /** What somebody sees on the way. Names, numbers and times are theirs. */
  async function seen(flow: Recovery, user: string, someone: typeof known): Promise<string[]> {
    const pages: string[] = []
    const look = async (): Promise<void> => {
      const words = await flow.page.locator('main').innerText()
      pages.push(words.replaceAll(user, 'user').replace(/\d+/g, '0'))
    }
    await flow.start('username')
    await flow.person(someone)
    await flow.send()
    await expect(flow.page.getByText(recovery.code.sent_username)).toBeVisible()
    await look()
    await flow.enter('000000')
    await expect(flow.page.getByRole('alert')).toContainText(
      fill(recovery.errors.code.recovery_code_wrong_username, { left: 4 }),
    )
    await look()
    await flow.start('password')
    await flow.user(user)
    await look()
    await flow.choose('security_questions')
    await expect(flow.page.getByRole('alert')).toContainText(
      recovery.problems.security_questions_not_set.title,
    )
    await look()
    await flow.page.getByRole('button', { name: recovery.method.other, exact: true }).click()
    await flow.identity(someone)
    await look()
    await flow.enter('000000')
    await expect(flow.page.getByRole('alert')).toContainText(
      fill(recovery.errors.code.recovery_code_wrong, { left: 4 }),
    )
    await look()
    return pages
  }

  const elsewhere = await browser.newContext({ baseURL: baseURL ?? '', locale })
  const others = new Recovery(await elsewhere.newPage(), texts, language)
  const [one, other] = await Promise.all([
    seen(new Recovery(page, texts, language), username, known),
    seen(others, `user${unique(9)}`, unknown),
  ])
  await elsewhere.close()
  expect(other).toEqual(one)
  expect(await inbox(request, unknown.phone)).toEqual([])
})

test('a password is set anew with the new phone when the old one is gone', async ({
  page,
  texts,
  language,
  request,
  expected,
}) => {
  expected.statuses.push(409, 404)
  const someone = await person(request, 'resident ID')
  const username = await registered(request, someone)
  const after = await moved(request, someone)
  const stranger = await person(request, 'resident ID')
  const { recovery } = texts
  const flow = new Recovery(page, texts, language)
  await flow.start('password')
  await flow.user(username)
  await flow.choose('document_and_sms')
  await flow.identity(someone)
  await flow.phoneIsGone()
  // Whoever proves himself does not get the account of another.
  await flow.fillPhone(stranger)
  await flow.send()
  await flow.heading(recovery.phone.code_title)
  await flow.resendable()
  await flow.enter(await codeOf(request, stranger.phone, 'phone_replacement'))
  const refused = page.getByRole('alert')
  await expect(refused).toContainText(recovery.problems.phone_replacement_refused.title)
  await refused.getByRole('link', { name: recovery.phone.check, exact: true }).click()
  await flow.heading(recovery.phone.title)
  await page.reload()
  await flow.replacePhone(after)
  await flow.heading(recovery.identity.title)
  await expect(page.getByText(recovery.identity.phone_hint_new)).toBeVisible()
  await expect(page.locator('#phone')).toHaveValue(after.phone)
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1 })).not.toHaveText(recovery.phone.code_title)
  await page.goto('/recovery/password/identity')
  await flow.identity(after)
  await flow.enter(await codeOf(request, after.phone, 'password_recovery'))
  await flow.reset()
  await page.getByRole('link', { name: texts.core.login.title, exact: true }).click()
  await flow.signIn(NEW_PASSWORD, username)
  await flow.heading(texts.account.title)
})

test('a unit sets its password anew, by its agent', async ({ page, texts, language, request }) => {
  const agent = await person(request, 'resident ID')
  const username = await registered(request, agent, unit())
  const flow = new Recovery(page, texts, language)
  await flow.start('password')
  await flow.user(username)
  await flow.choose('document_and_sms')
  await flow.identity(agent)
  await flow.enter(await codeOf(request, agent.phone, 'password_recovery'))
  await flow.reset()
})

test('five wrong codes kill it, and a new one works', async ({
  page,
  texts,
  language,
  request,
  expected,
}) => {
  expected.statuses.push(422)
  const someone = await person(request, 'resident ID')
  await registered(request, someone)
  const flow = new Recovery(page, texts, language)
  await flow.start('username')
  await flow.person(someone)
  await flow.send()
  const right = await codeOf(request, someone.phone, 'username_recovery')
  const wrong = right === '000000' ? '111111' : '000000'
  const alert = page.getByRole('alert')
  for (const left of [4, 3, 2, 1]) {
    await flow.enter(wrong)
    await expect(alert).toContainText(
      fill(texts.recovery.errors.code.recovery_code_wrong_username, { left }),
    )
  }
  for (const code of [wrong, right]) {
    await flow.enter(code)
    await expect(alert).toContainText(texts.proof.errors.code.code_dead)
  }
  await flow.resendable()
  await page.getByRole('button', { name: texts.proof.code.resend, exact: true }).click()
  await expect(page.getByText(texts.proof.code.resent)).toBeVisible()
  await flow.enter(await codeOf(request, someone.phone, 'username_recovery', 2))
  await flow.heading(texts.recovery.username.steps.done)
})

test('too many documents end a recovery, and say so', async ({
  page,
  texts,
  language,
  request,
  expected,
}) => {
  expected.statuses.push(429)
  const { recovery } = texts
  const flow = new Recovery(page, texts, language)
  await flow.start('password')
  await flow.user(`user${unique(9)}`)
  await flow.choose('document_and_sms')
  await flow.identity(await person(request, 'permit'))
  await page.goBack()
  await flow.heading(recovery.identity.title)
  const refused = page.getByRole('alert')
  const another = async (title: string): Promise<void> => {
    await flow.fillDocument(await person(request, 'permit'))
    await flow.send()
    await expect(refused).toContainText(title)
  }
  for (const _ of [2, 3]) await another(texts.proof.problems.sms_resend_too_soon.title)
  await another(recovery.problems.document_attempts_exceeded.title)
  await refused.getByRole('button', { name: recovery.again, exact: true }).click()
  await flow.heading(recovery.password.title)
})

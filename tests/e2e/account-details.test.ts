/** What may happen on the way through 「用户信息维护」. */
import type { APIRequestContext } from '@playwright/test'
import { atTheBank, loggedIn, logIn, member } from './support/account'
import { Maintenance, PASSWORD } from './support/flow'
import { operator } from './support/operator'
import { person, unique } from './support/people'
import { ANSWERS, captcha, codeOf, inbox, ok, questionsOf, told, unit } from './support/rest'
import { expect, fill, test } from './support/test'

const NEW_PASSWORD = 'harbour lantern 41 dawn'

/** Sets a forgotten password anew by the three questions. */
async function reset(request: APIRequestContext, username: string): Promise<void> {
  const begun = await ok<{ id: string; flow_token: string }>(
    request,
    ['POST', '/recoveries/password'],
    { headers: { 'Flow-Client': 'app' }, data: { username, captcha: await captcha(request) } },
  )
  const headers = { 'Flow-Token': begun.flow_token }
  const path = `/recoveries/${begun.id}`
  await ok(request, ['PUT', `${path}/method`], { headers, data: { method: 'security_questions' } })
  await ok(request, ['POST', `${path}/answers`], { headers, data: { answers: ANSWERS } })
  const data = { password: NEW_PASSWORD, password_confirmation: NEW_PASSWORD }
  await ok(request, ['PUT', `${path}/password`], { headers, data })
}

test('nothing changed: said before the bank is asked', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(422)
  const someone = await loggedIn(page)
  const { account, proof } = texts
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account/change')
  await flow.heading(account.change.title)
  await flow.send()
  await expect(page.locator('#name-error')).toHaveText(account.errors.name.nothing_changed)
  // The same as it is already: only the server can tell.
  await page.getByLabel(proof.fields.phone).fill(someone.phone)
  await flow.send()
  const notice = page.getByRole('alert')
  await expect(notice).toContainText(account.problems.nothing_changed.title)
  await expect(notice).toContainText(account.problems.nothing_changed.text)
})

test('a change survives a reload, sends another code, and can be given up', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(429)
  const someone = await loggedIn(page)
  const moved = { ...someone, phone: `139${unique(8)}` }
  await atTheBank(page, moved)
  const { account, proof } = texts
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account/change')
  await page.getByLabel(proof.fields.phone).fill(moved.phone)
  await flow.send()
  await flow.heading(account.change.code.title)
  await page.reload()
  await flow.heading(account.change.code.title)
  await expect(page.locator('main')).toContainText(moved.phone.slice(-4))
  expect(await page.locator('main').textContent()).not.toContain(moved.phone)
  // Another code, and nothing else, after the wait.
  const resend = page.getByRole('button', { name: proof.code.resend })
  await expect(resend).toBeDisabled()
  await expect(resend).toBeEnabled({ timeout: 8000 })
  await resend.click()
  await expect(page.getByText(proof.code.resent)).toBeVisible()
  const second = await codeOf(page.request, moved.phone, 'account_change', 2)
  // It is found from the first tab, and given up there.
  await page.goto('/account')
  await page.getByRole('link', { name: account.change.go_on }).click()
  await flow.heading(account.change.code.title)
  await page.goBack()
  await page.getByRole('button', { name: account.change.drop }).click()
  await expect(page.getByText(account.change.dropped)).toBeVisible()
  await page.goto('/account/change/code')
  await flow.heading(account.title)
  // Begun anew, the code of before is worth nothing.
  await page.goto('/account/change')
  await page.getByLabel(proof.fields.phone).fill(moved.phone)
  await flow.send()
  await expect(page.getByRole('alert')).toContainText(proof.problems.sms_resend_too_soon.title)
  await expect(async () => {
    await flow.send()
    await expect(page.getByLabel(proof.fields.code)).toBeVisible({ timeout: 1000 })
  }).toPass()
  await flow.heading(account.change.code.title)
  const third = await codeOf(page.request, moved.phone, 'account_change', 3)
  test.skip(third === second, 'one in a million')
  await flow.enter(third)
  await expect(page.getByText(account.change.done)).toBeVisible()
  await expect
    .poll(async () => (await inbox(page.request, someone.phone)).map(({ purpose }) => purpose))
    .toEqual(['notice', 'registration'])
})

test('five wrong codes kill it, and another one works', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(422)
  const someone = await loggedIn(page)
  const moved = { ...someone, phone: `139${unique(8)}` }
  await atTheBank(page, moved)
  const { account, proof } = texts
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account/change')
  await page.getByLabel(proof.fields.phone).fill(moved.phone)
  await flow.send()
  await flow.heading(account.change.code.title)
  const right = await codeOf(page.request, moved.phone, 'account_change')
  const wrong = right === '111111' ? '222222' : '111111'
  for (let left = 4; left >= 1; left--) {
    await flow.enter(wrong)
    await expect(page.locator('#code-error')).toHaveText(
      fill(proof.errors.code.code_wrong, { left }),
    )
  }
  await flow.enter(wrong)
  await flow.enter(right)
  await expect(page.locator('#code-error')).toHaveText(proof.errors.code.code_dead)
  await page.getByRole('button', { name: proof.code.resend }).click({ timeout: 8000 })
  await expect(page.getByText(proof.code.resent)).toBeVisible()
  await flow.enter(await codeOf(page.request, moved.phone, 'account_change', 2))
  await expect(page.getByText(account.change.done)).toBeVisible()
})

test('cards that cannot be used are refused before the bank is asked', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(422)
  await loggedIn(page)
  const { proof } = texts
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account/change')
  await page.getByLabel(proof.fields.card_number).fill('6217 0000 0000 0000 001')
  await flow.send()
  await expect(page.locator('#card_number-error')).toHaveText(proof.errors.card_number.card_luhn)
  await page.getByLabel(proof.fields.card_number).fill('3568 9512 3456 7893')
  await flow.send()
  await expect(page.getByRole('alert')).toContainText(proof.problems.card_kind_not_accepted.title)
  await page.getByRole('link', { name: proof.bank.to_the_card }).click()
  await expect(page.locator('#card_number')).toBeFocused()
})

test('after a reset by security questions nothing can be changed for a while', async ({
  page,
  texts,
  language,
}) => {
  const someone = await member(page)
  await questionsOf(page.request, someone.username)
  await reset(page.request, someone.username)
  await logIn(page, someone, NEW_PASSWORD)
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  await expect(page.getByText(texts.account.held.why)).toBeVisible()
  // What is refused is not offered.
  await expect(
    page.getByRole('link', { name: texts.account.change.open, exact: true }),
  ).toHaveCount(0)
  await page.goto('/account/change')
  await flow.heading(texts.account.change.title)
  await expect(page.getByText(texts.account.held.why)).toBeVisible()
  await expect(page.getByLabel(texts.proof.fields.phone)).toHaveCount(0)
  await page.getByRole('link', { name: texts.account.held.not_me }).click()
  await flow.heading(texts.account.more.history)
  await expect(page.getByText(texts.records.kinds.password_reset)).toBeVisible()
})

test('the operator decides about a unit, and the agent reads why', async ({
  page,
  texts,
  accessible,
}) => {
  const agent = await loggedIn(page, unit())
  const { account } = texts
  const mine = await ok<{ id: string }>(page.request, ['GET', '/account'])
  await operator('units', 'reject', mine.id, '--reason', '证书照片不清楚')
  await page.goto('/account')
  await expect(page.getByText(account.unit.rejected.title)).toBeVisible()
  await expect(
    page.getByText(fill(account.unit.reason, { reason: '证书照片不清楚' })),
  ).toBeVisible()
  await accessible('rejected unit')
  await told(page.request, agent.phone, '您办理的单位用户未通过审核')
  await operator('units', 'approve', mine.id)
  await page.reload()
  await expect(page.getByText(account.unit.approved.title)).toBeVisible()
})

test('the last page of a registration leads to the security questions', async ({
  page,
  texts,
  language,
}) => {
  const someone = await person(page.request, 'resident ID')
  const flow = new Maintenance(page, texts, language)
  await flow.all(someone)
  await page.getByRole('link', { name: texts.registration.done.set_questions }).click()
  await flow.heading(texts.core.login.title)
  await flow.signIn()
  await flow.heading(texts.account.questions.title)
})

test('more of the history comes when it is asked for', async ({
  page,
  texts,
  language,
  baseURL,
}) => {
  const someone = await loggedIn(page)
  // Only the pages of this origin may use the cookie.
  const headers = { Origin: baseURL ?? '' }
  for (let times = 0; times < 20; times++) {
    await ok(page.request, ['POST', '/sessions/current/password-check'], {
      headers,
      data: { password: PASSWORD },
    })
  }
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account/history')
  await flow.heading(texts.account.more.history)
  const { history, kinds } = texts.records
  const events = page.getByRole('list', { name: history.list }).getByRole('listitem')
  await expect(events).toHaveCount(20)
  await page.getByRole('button', { name: history.more }).click()
  await expect(events).toHaveCount(22)
  await expect(events.last()).toContainText(kinds.account_created)
  await expect(page.getByRole('button', { name: history.more })).toHaveCount(0)
  expect(await page.locator('main').textContent()).not.toContain(someone.phone)
})

test('a session that nobody uses warns before it ends, and one press keeps it', async ({
  page,
  context,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(401)
  await loggedIn(page)
  const flow = new Maintenance(page, texts, language)
  const { expiry, password } = texts.account
  await page.clock.install()
  await page.goto('/account/password')
  await flow.heading(password.title)
  await expect(page.getByText(password.effect)).toBeVisible()
  await page.clock.fastForward('26:00')
  const warning = page.getByText(expiry.warning)
  await expect(warning).toBeVisible()
  await page.getByRole('button', { name: expiry.extend }).click()
  await expect(warning).toBeHidden()
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  // When it has ended, the page says so and leads back.
  await context.clearCookies()
  await page.clock.fastForward('31:00')
  await expect(page.getByText(texts.core.login.ended)).toBeVisible()
  await expect(page).toHaveURL(/next=account-password/)
})

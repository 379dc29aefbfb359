/** Nothing that was typed is lost, and every mistake is named. */
import { Registration } from './support/flow'
import { codeFor, person } from './support/people'
import { expect, fill, test } from './support/test'

test('an empty form names every field, and each name leads to its field', async ({
  page,
  texts,
  accessible,
}) => {
  await page.goto('/register')
  await page.getByRole('button', { name: texts.proof.next, exact: true }).click()
  const summary = page.getByRole('alert')
  await expect(summary).toBeFocused()
  await expect(summary.getByRole('listitem')).toHaveCount(6)
  await accessible('empty registration')
  await summary.getByRole('link', { name: texts.core.errors.password.required }).click()
  await expect(page.locator('#password')).toBeFocused()
})

test('the server refuses what the page lets through, and the page keeps it', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(422)
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.fillCredentials('13800138000')
  for (const field of ['#password', '#password_confirmation']) await page.fill(field, 'password1')
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await flow.next()
  const { errors } = texts.registration
  const { password } = texts.proof.errors
  await expect(page.locator('#username-error')).toHaveText(
    errors.username.username_looks_like_document,
  )
  await expect(page.locator('#password-error')).toHaveText(password.password_common)
  await expect(page.locator('#username')).toHaveValue('13800138000')
  await expect(page.locator('#captcha')).not.toHaveValue('')
})

test('what the page can see is said at once', async ({ page, texts, language }) => {
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.fillCredentials('abc')
  await page.fill('#password_confirmation', 'another')
  await flow.next()
  const { errors } = texts.registration
  await expect(page.locator('#username-error')).toHaveText(errors.username.too_short)
  await expect(page.locator('#password_confirmation-error')).toHaveText(
    texts.proof.errors.password_confirmation.mismatch,
  )
  await expect(page.locator('#user_agreement-error')).toHaveText(
    errors.user_agreement.consent_required,
  )
})

test('a wrong check digit is told apart from a wrong form', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(422)
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await page.fill('#name', '王小明')
  await page.fill('#document_number', '440305199003070015')
  await flow.next()
  // The right number will fill these in.
  await expect(page.locator('#document_number-error')).toBeVisible()
  await expect(page.locator('#gender-error, #birth_date-error')).toHaveCount(0)
  await page.getByRole('radio').first().check()
  for (const [field, value] of [
    ['#birth_date', '1990'],
    ['#birth_date-month', '3'],
    ['#birth_date-day', '7'],
  ] as const) {
    await page.fill(field, value)
  }
  await flow.next()
  const { birth_date } = texts.registration.errors
  const { document_number: wrong } = texts.proof.errors
  await expect(page.locator('#document_number-error')).toHaveText(wrong.document_checksum)
  await page.fill('#document_number', '4403051990')
  await flow.next()
  await expect(page.locator('#document_number-error')).toHaveText(wrong.document_too_short)
  await page.fill('#document_number', '440305199003070014')
  await page.fill('#birth_date-day', '8')
  await flow.next()
  await expect(page.locator('#birth_date-error')).toHaveText(birth_date.birth_date_mismatch)
  await expect(page.locator('#name')).toHaveValue('王小明')
})

test('a draft survives reload, going back, and a closed window', async ({
  page,
  texts,
  language,
  context,
}) => {
  const someone = await person(page.request, 'resident ID')
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await flow.identity(someone)
  await page.goBack()
  await flow.heading(texts.registration.identity.title)
  await expect(page.locator('#name')).toHaveValue(someone.name)
  await page.goForward()
  await page.reload()
  await flow.heading(texts.registration.bank.title)
  // After a reload the page knows no more than the server tells: masked.
  expect(await page.locator('main').textContent()).not.toContain(someone.document_number)
  const other = await context.newPage()
  await page.close()
  await other.goto('/register')
  const link = other.getByRole('link', { name: texts.registration.credentials.go_on })
  await expect(other.getByText(flow.username)).toBeVisible()
  await link.click()
  const resumed = new Registration(other, texts, language)
  await resumed.bank(someone)
  await resumed.code(someone)
})

test('no step can be skipped', async ({ page, texts, language }) => {
  const flow = new Registration(page, texts, language)
  for (const step of ['identity', 'bank', 'code', 'done']) {
    await page.goto(`/register/${step}`)
    await flow.heading(texts.registration.none.title)
  }
  await page.getByRole('link', { name: texts.registration.again }).click()
  await flow.credentials()
  await page.goto('/register/code')
  await flow.heading(texts.registration.identity.title)
})

test('a lost connection loses nothing, and one press tries again', async ({
  page,
  texts,
  language,
  context,
}) => {
  const someone = await person(page.request, 'resident ID')
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await flow.fillIdentity(someone)
  const requests = page.context()
  await requests.route('**/identity', (route) => route.abort('internetdisconnected'), { times: 1 })
  page.removeAllListeners('console')
  await flow.next()
  await expect(page.getByRole('alert')).toContainText(texts.core.problems.offline.title)
  await expect(page.locator('#name')).toHaveValue(someone.name)
  await flow.next()
  await flow.heading(texts.registration.bank.title)
  await context.unrouteAll()
})

test('five wrong codes kill it, and a new one works', async ({
  page,
  texts,
  language,
  expected,
}) => {
  expected.statuses.push(422)
  const someone = await person(page.request, 'resident ID')
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await flow.identity(someone)
  await flow.bank(someone)
  const right = await codeFor(page.request, someone.phone)
  const wrong = right === '000000' ? '111111' : '000000'
  const { code } = texts.proof.errors
  for (const left of [4, 3, 2, 1]) {
    await page.fill('#code', wrong)
    await flow.next()
    await expect(page.getByRole('alert')).toContainText(fill(code.code_wrong, { left }))
  }
  await page.fill('#code', wrong)
  await flow.next()
  await expect(page.getByRole('alert')).toContainText(code.code_dead)
  await page.fill('#code', right)
  await flow.next()
  await expect(page.getByRole('alert')).toContainText(code.code_dead)
  const again = page.getByRole('button', { name: texts.proof.code.resend, exact: true })
  await expect(again).toBeEnabled()
  await again.click()
  await expect(page.getByText(texts.proof.code.resent)).toBeVisible()
  await expect.poll(() => codeFor(page.request, someone.phone)).not.toBe(right)
  await flow.code(someone)
})

test('a username lost to somebody quicker is chosen anew, and nothing else is', async ({
  page,
  browser,
  texts,
  language,
  baseURL,
  expected,
}) => {
  expected.statuses.push(409)
  const [someone, quicker] = [
    await person(page.request, 'resident ID'),
    await person(page.request, 'resident ID'),
  ]
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await flow.identity(someone)
  await flow.bank(someone)

  const elsewhere = await browser.newContext({
    baseURL: baseURL ?? '',
    locale: language === 'en' ? 'en-GB' : 'zh-CN',
  })
  const other = new Registration(await elsewhere.newPage(), texts, language)
  await other.page.goto('/register')
  await other.credentials(flow.username)
  await other.identity(quicker)
  await other.bank(quicker)
  await other.code(quicker)
  await elsewhere.close()

  await page.fill('#code', await codeFor(page.request, someone.phone))
  await flow.next()
  await expect(page.getByRole('alert')).toContainText(
    texts.registration.problems.username_taken.title,
  )
  await page.getByRole('link', { name: texts.registration.code.other_username }).click()
  await flow.heading(texts.registration.credentials.title)
  await flow.fillCredentials(`${flow.username}x`)
  await flow.next()
  await flow.heading(texts.registration.code.title)
  await expect(page.getByText(texts.registration.code.proved)).toBeVisible()
  await flow.next()
  await flow.heading(texts.registration.steps.done)
})

test('an idle draft warns before it expires, and one press keeps it', async ({
  page,
  texts,
  language,
}) => {
  const flow = new Registration(page, texts, language)
  await page.clock.install()
  await page.goto('/register')
  await flow.credentials()
  await page.clock.fastForward('26:00')
  const warning = page.getByText(texts.registration.expiry.warning)
  await expect(warning).toBeVisible()
  await page.getByRole('button', { name: texts.registration.expiry.extend }).click()
  await expect(warning).toBeHidden()
})

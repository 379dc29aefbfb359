/** 找回用户名 and 找回密码, each walked through to its end. */
import { PASSWORD } from './support/flow'
import { person } from './support/people'
import { NEW_PASSWORD, Recovery } from './support/recovery'
import { codeOf, inbox, registered, told } from './support/rest'
import { expect, fill, test } from './support/test'

test('a forgotten username comes by SMS', async ({
  page,
  texts,
  language,
  request,
  accessible,
}) => {
  const someone = await person(request, 'resident ID')
  const username = await registered(request, someone)
  const flow = new Recovery(page, texts, language)
  await flow.start('username')
  await accessible('identity')
  await flow.person(someone)
  // Nothing is sent before somebody asks for it.
  await accessible('before the code is sent')
  await flow.send()
  await expect(page.locator('#code')).toBeFocused()
  await expect(page.getByText(texts.recovery.code.sent_username)).toBeVisible()
  await accessible('code')
  await flow.enter(await codeOf(request, someone.phone, 'username_recovery'))
  await flow.heading(texts.recovery.username.steps.done)
  await accessible('done')
  await told(request, someone.phone, username)
  expect(await page.locator('main').textContent()).not.toContain(username)
})

test('a forgotten password is set anew with document and phone', async ({
  page,
  texts,
  language,
  request,
  accessible,
  expected,
}) => {
  expected.statuses.push(401, 422)
  const someone = await person(request, 'resident ID')
  const username = await registered(request, someone)
  const other = await person(request, 'resident ID')
  const flow = new Recovery(page, texts, language)
  await flow.start('password')
  await accessible('username')
  // As they remember it.
  await flow.user(username.toUpperCase())
  await accessible('method')
  await flow.choose('document_and_sms')
  await flow.heading(texts.recovery.identity.title)
  await accessible('identity')

  // The phone of somebody else: the same page, and no message to anybody.
  await flow.identity({ ...someone, phone: other.phone })
  await expect(page.getByText(texts.recovery.code.sent_password)).toBeVisible()
  await accessible('code')
  await flow.enter('000000')
  const { recovery_code_wrong } = texts.recovery.errors.code
  const wrong = page.getByRole('alert')
  await expect(wrong).toContainText(fill(recovery_code_wrong, { left: 4 }))
  await expect(page.locator('#code-error')).toHaveText(fill(recovery_code_wrong, { left: 4 }))
  await accessible('wrong code')
  await flow.resendable()
  await wrong.getByRole('link', { name: texts.recovery.code.check }).click()
  await flow.heading(texts.recovery.identity.title)
  await expect(page.locator('#document_number')).toHaveValue(someone.document_number)

  await flow.identity(someone)
  await flow.enter(await codeOf(request, someone.phone, 'password_recovery'))
  expect(await inbox(request, other.phone)).toEqual([])
  await flow.heading(texts.recovery.reset.title)
  await accessible('new password')
  await flow.reset()
  await accessible('done')
  await told(request, someone.phone, '密码已重置')

  await page.getByRole('link', { name: texts.core.login.title, exact: true }).click()
  await flow.signIn(PASSWORD, username)
  await expect(page.getByRole('alert')).toContainText(texts.core.problems.login_failed.title)
  await flow.signIn(NEW_PASSWORD, username)
  await flow.heading(texts.account.title)
})

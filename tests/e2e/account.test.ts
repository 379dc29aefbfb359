/** 「用户信息维护」: every page of it, as a person walks through it. */
import { readFile } from 'node:fs/promises'
import { atTheBank, loggedIn, logIn, member, stale } from './support/account'
import { Maintenance, PASSWORD, Registration } from './support/flow'
import { luhn, person, unique } from './support/people'
import { codeOf, inbox, ok, questionsOf, told, unit } from './support/rest'
import { expect, fill, test } from './support/test'

const NEW_PASSWORD = 'harbour lantern 41 dawn'
const NOT_YOU = '如非本人操作，请立即通过“忘记密码？”重置密码并与我们联系。'

test('「用户信息维护」 leads through the login to what one wanted, and shows three tabs', async ({
  page,
  texts,
  language,
  accessible,
}) => {
  const someone = await member(page)
  const flow = new Registration(page, texts, language)
  await page.goto('/')
  await page.getByRole('link', { name: texts.core.links.maintain, exact: true }).click()
  await flow.heading(texts.core.login.title)
  await expect(page.getByText(texts.core.login.first)).toBeVisible()
  await flow.signIn(PASSWORD, someone.username)
  await flow.heading(texts.account.title)
  await accessible('account')
  const tabs = page.getByRole('navigation', { name: texts.core.links.maintain })
  await expect(tabs.getByRole('link')).toHaveText([
    texts.account.title,
    texts.account.password.title,
    texts.account.questions.title,
  ])
  // Proved, masked, and locked where it says who somebody is.
  const shown = (await page.locator('main').textContent()) ?? ''
  for (const secret of [someone.document_number, someone.card_number, someone.phone]) {
    expect(shown).not.toContain(secret)
  }
  await expect(page.getByText(texts.account.locked.title)).toBeVisible()
  // Questions are advised until there are some.
  await expect(page.getByText(texts.account.questions.nudge)).toBeVisible()
  // Logged out, a page of the account is reached through the login again.
  await page.getByRole('button', { name: texts.account.sign_out }).click()
  await expect(page.getByText(texts.core.login.out)).toBeVisible()
  await page.goto('/account/questions')
  await flow.heading(texts.core.login.title)
  await flow.signIn(PASSWORD, someone.username)
  await flow.heading(texts.account.questions.title)
  await page.goBack()
  await expect(page).not.toHaveURL(/questions/)
})

test('a new phone: the bank is asked, its code decides, and the old one is told', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const someone = await loggedIn(page)
  const moved = { ...someone, phone: `139${unique(8)}` }
  const flow = new Maintenance(page, texts, language)
  const { account, proof } = texts
  await page.goto('/account')
  await page.getByRole('link', { name: account.change.open, exact: true }).click()
  await flow.heading(account.change.title)
  await expect(page.getByText(account.change.nothing)).toBeVisible()
  await accessible('change')
  await page.getByLabel(proof.fields.phone).fill(moved.phone)
  await expect(page.locator('.check dd')).toContainText(moved.phone)
  // Not at the bank yet: the words of the guide, and its advice.
  await flow.send()
  const notice = page.getByRole('alert')
  await expect(notice).toContainText(proof.problems.bank_mismatch.title)
  await expect(notice.getByRole('listitem')).toHaveText([
    proof.mismatch.check,
    proof.mismatch.other_card,
    account.change.ask_bank,
  ])
  await expect(notice).toBeFocused()
  await accessible('mismatch')
  await expect(page.getByText(fill(account.change.left, { left: 4 }))).toBeVisible()
  await expect(page.getByLabel(proof.fields.phone)).toHaveValue(moved.phone)

  await atTheBank(page, moved)
  await flow.send()
  await flow.heading(account.change.code.title)
  const last4 = moved.phone.slice(-4)
  await expect(page.getByText(fill(account.change.code.sent, { last4 }))).toBeVisible()
  await accessible('code')
  const code = await codeOf(page.request, moved.phone, 'account_change')
  expect(await inbox(page.request, someone.phone)).toHaveLength(1)
  await flow.enter(code === '111111' ? '222222' : '111111')
  await expect(page.locator('#code-error')).toHaveText(
    fill(proof.errors.code.code_wrong, { left: 4 }),
  )
  await accessible('wrong code')
  await flow.enter(code)
  await flow.heading(account.title)
  await expect(page.getByText(account.change.done)).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: last4 })).toBeVisible()
  await accessible('changed')
  await told(page.request, someone.phone, `您的账号信息已修改。${NOT_YOU}`)
  expect(await inbox(page.request, moved.phone)).toHaveLength(1)
  // Back shows a page that makes sense, and nothing is sent again.
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(await inbox(page.request, moved.phone)).toHaveLength(1)
  await page.goto('/account')
  await expect(page.getByText(account.change.done)).toBeHidden()
})

test('a new name, bank and card at once', async ({ page, texts, language }) => {
  const someone = await loggedIn(page)
  const card_number = luhn(`621226${unique(12)}`)
  const renamed = { ...someone, name: '王𬭚明', bank_code: 'ICBC', card_number }
  await atTheBank(page, renamed)
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account/change')
  await flow.heading(texts.account.change.title)
  await page.getByLabel(texts.proof.fields.name, { exact: true }).fill(renamed.name)
  await page.getByLabel(texts.proof.fields.bank, { exact: true }).selectOption('ICBC')
  await page.getByLabel(texts.proof.fields.card_number).fill(renamed.card_number)
  await expect(page.locator('.check dd')).toHaveCount(3)
  await flow.send()
  await flow.heading(texts.account.change.code.title)
  await flow.enter(await codeOf(page.request, someone.phone, 'account_change'))
  await expect(page.getByText(texts.account.change.done)).toBeVisible()
  const last4 = renamed.card_number.slice(-4)
  await expect(page.getByRole('definition').filter({ hasText: last4 })).toBeVisible()
  await told(page.request, someone.phone, '您的账号信息已修改。')
})

test('「密码管理」: weak and old passwords are refused, a new one ends the other sessions', async ({
  page,
  browser,
  texts,
  language,
  baseURL,
  expected,
  accessible,
}) => {
  expected.statuses.push(422, 401)
  const someone = await loggedIn(page)
  const elsewhere = await browser.newContext({ baseURL: baseURL ?? '' })
  const other = await elsewhere.newPage()
  await logIn(other, someone)
  const { account, proof } = texts
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  await page.getByRole('link', { name: account.password.title, exact: true }).first().click()
  await flow.heading(account.password.title)
  await accessible('password')
  await flow.newPassword('', '')
  await expect(page.locator('#password-error')).toHaveText(account.errors.password.required)
  await flow.newPassword(NEW_PASSWORD, `${NEW_PASSWORD}!`)
  await expect(page.locator('#password_confirmation-error')).toHaveText(
    proof.errors.password_confirmation.mismatch,
  )
  await flow.newPassword('password1')
  await expect(page.locator('#password-error')).toHaveText(proof.errors.password.password_common)
  await accessible('weak password')
  await flow.newPassword(`lychee ${someone.phone}`)
  await expect(page.locator('#password-error')).toHaveText(
    proof.errors.password.password_contains_personal,
  )
  await flow.newPassword(PASSWORD)
  await expect(page.locator('#password-error')).toHaveText(account.errors.password.password_same)
  await flow.newPassword(NEW_PASSWORD)
  await expect(page.getByText(account.password.done)).toBeVisible()
  await expect(page.locator('#password')).toHaveValue('')
  await accessible('new password')
  await told(page.request, someone.phone, `您的密码已修改。${NOT_YOU}`)
  // This browser stays logged in, the other does not.
  await page.reload()
  await flow.heading(account.password.title)
  await other.goto('/account')
  await flow.on(other).heading(texts.core.login.title)
  await elsewhere.close()
})

test('「密保工具」: three questions are chosen, chosen anew, and removed', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const someone = await loggedIn(page)
  const { title, nudge: advice } = texts.account.questions
  const { questions } = texts
  const { errors } = questions
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  const nudge = page.locator('.notice').filter({ hasText: advice })
  await nudge.getByRole('link', { name: title }).click()
  await flow.heading(title)
  await expect(page.getByText(questions.state.none)).toBeVisible()
  await expect(page.locator('#question_1 optgroup')).toHaveCount(7)
  await accessible('no questions')
  // Every mistake by its number.
  await flow.confirmQuestions()
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveText([
    ...[1, 2, 3].flatMap((n) => [
      fill(errors.question.required, { n }),
      fill(errors.answer.required, { n }),
    ]),
  ])
  await accessible('empty questions')
  await flow.choose([0, 0, 1], ['布老虎', '布老虎', '罗湖口岸'])
  await expect(page.locator('#question_2-error')).toHaveText(
    fill(errors.question.question_twice, { n: 2 }),
  )
  await expect(page.locator('#answer_2-error')).toHaveText(
    fill(errors.answer.answer_twice, { n: 2 }),
  )
  // What only the server knows.
  await flow.choose([0, 1, 2], [someone.name, '一', '罗湖口岸'])
  await expect(page.locator('#answer_1-error')).toHaveText(
    fill(errors.answer.answer_contains_personal, { n: 1 }),
  )
  await expect(page.locator('#answer_2-error')).toHaveText(fill(errors.answer.too_short, { n: 2 }))
  await expect(page.locator('#answer_3')).toHaveValue('罗湖口岸')
  await flow.choose([0, 1, 2], ['布老虎', '外婆的红烧肉', '罗湖口岸'])
  await expect(page.getByText(questions.done.set)).toBeVisible()
  await expect(page.locator('main ol li')).toHaveCount(3)
  await expect(page.locator('main')).not.toContainText('布老虎')
  await accessible('questions set')
  await page.goto('/account')
  await flow.heading(texts.account.title)
  await expect(page.getByText(texts.account.locked.title)).toBeVisible()
  await expect(nudge).toHaveCount(0)
  // Anew.
  await page.getByRole('link', { name: title, exact: true }).click()
  await page.getByRole('button', { name: questions.again }).click()
  await flow.choose([3, 4, 5], ['布老虎二', '外婆的红烧肉二', '罗湖口岸二'])
  await expect(page.getByText(questions.done.set)).toBeVisible()
  // Removed, after a second thought.
  await page.getByRole('button', { name: questions.remove.open }).click()
  await accessible('remove?')
  await page.getByRole('button', { name: questions.remove.no }).click()
  await page.getByRole('button', { name: questions.remove.open }).click()
  await page.getByRole('button', { name: questions.remove.yes }).click()
  await expect(page.getByText(questions.done.removed)).toBeVisible()
  await expect(page.getByText(questions.state.none)).toBeVisible()
})

test('a password entered long ago is asked for again, and the work goes on', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const someone = await loggedIn(page)
  const moved = { ...someone, phone: `139${unique(8)}` }
  await atTheBank(page, moved)
  const { account, proof } = texts
  const flow = new Maintenance(page, texts, language)
  await stale(page)
  await page.goto('/account/change')
  await page.getByLabel(proof.fields.phone).fill(moved.phone)
  await flow.send()
  const again = page.getByRole('region', { name: account.again.title })
  await expect(again).toBeVisible()
  await expect(again.getByLabel(account.again.label)).toBeFocused()
  await accessible('password again')
  // Rather not: what was typed is still there.
  await again.getByRole('button', { name: account.again.back }).click()
  await expect(page.getByLabel(proof.fields.phone)).toHaveValue(moved.phone)
  await flow.send()
  await flow.passwordAgain('')
  await expect(page.locator('#current_password-error')).toHaveText(
    account.errors.current_password.required,
  )
  await flow.passwordAgain('not the password 1')
  await expect(page.locator('#current_password-error')).toHaveText(
    account.errors.current_password.password_wrong,
  )
  await accessible('wrong password again')
  await flow.passwordAgain(PASSWORD)
  await flow.heading(account.change.code.title)
})

test('sign-ins and changes are told, with place and device, and sessions can be ended', async ({
  page,
  browser,
  texts,
  language,
  baseURL,
  expected,
  accessible,
}) => {
  expected.statuses.push(401)
  const someone = await loggedIn(page)
  const { history, kinds, sessions } = texts.records
  const elsewhere = await browser.newContext({
    baseURL: baseURL ?? '',
    locale: language === 'en' ? 'en-GB' : 'zh-CN',
  })
  const other = await elsewhere.newPage()
  await logIn(other, someone)
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  await page.getByRole('link', { name: texts.account.more.history }).click()
  await flow.heading(texts.account.more.history)
  const open = page.locator('ul.cards > li')
  await expect(open).toHaveCount(2)
  const events = page.getByRole('list', { name: history.list }).getByRole('listitem')
  await expect(events.locator('strong')).toHaveText([
    kinds.signed_in,
    kinds.signed_in,
    kinds.account_created,
  ])
  await expect(events.first()).toContainText(fill(history.from, { place: '' }).trim())
  await page.getByText(history.not_me.title).click()
  await accessible('history')
  await page.getByRole('button', { name: sessions.end }).click()
  await expect(open).toHaveCount(1)
  await other.goto('/account')
  await flow.on(other).heading(texts.core.login.title)
  await elsewhere.close()
  await page.reload()
  await expect(events.first()).toContainText(kinds.session_ended)
})

test('everything held about oneself can be read, printed and taken along', async ({
  page,
  texts,
  language,
  baseURL,
  accessible,
}) => {
  const someone = await loggedIn(page)
  // As much as can be held of anybody.
  const questions = await questionsOf(page.request, someone.username)
  const moved = { ...someone, phone: `139${unique(8)}` }
  await atTheBank(page, moved)
  const headers = { Origin: baseURL ?? '' }
  await ok(page.request, ['POST', '/account/closure'], { headers })
  const data = { phone: moved.phone }
  await ok(page.request, ['POST', '/account/change'], { headers, data })
  const words = texts.records.export
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  await page.getByRole('link', { name: texts.account.more.export }).click()
  await flow.heading(texts.account.more.export)
  await accessible('before the export')
  await page.getByRole('button', { name: words.show }).click()
  await expect(page.getByRole('definition').filter({ hasText: someone.phone })).toBeVisible()
  const { name, document_number, card_number } = someone
  const asked = questions.map((one) => (language === 'en' ? one.text_en : one.text))
  for (const held of [name, document_number, card_number, moved.phone, ...asked]) {
    await expect(page.locator('main')).toContainText(held)
  }
  // Nothing is called by a name of the program.
  const names = page.locator('main').locator('dt, h2, strong, ol > li.card:not(:has(*))')
  for (const name of await names.allTextContents()) {
    expect(name).not.toMatch(/^[a-z]+(_[a-z]+)*$/)
  }
  await accessible('export')
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('button', { name: words.print })).toBeHidden()
  await page.emulateMedia({ media: 'screen' })
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: words.download }).click()
  const saved = await saving
  expect(saved.suggestedFilename()).toMatch(/\.json$/)
  const told = JSON.parse(await readFile(await saved.path(), 'utf8')) as {
    account: Record<string, string>
  }
  expect(told.account).toMatchObject({
    username: someone.username,
    ...{ name, document_number, card_number },
    phone: `+86${someone.phone}`,
  })
})

test('an account is closed after some days, and it can be taken back', async ({
  page,
  texts,
  language,
  accessible,
}) => {
  const someone = await loggedIn(page)
  const { closure, closing, more, errors } = texts.account
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  await page.getByRole('link', { name: more.closure }).click()
  await flow.heading(more.closure)
  await expect(page.getByText(fill(closure.cooling.title, { closing_days: 15 }))).toBeVisible()
  await accessible('closure')
  await page.getByRole('button', { name: closure.submit }).click()
  await expect(page.locator('#sure-error')).toHaveText(errors.sure.required)
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: closure.submit }).click()
  await expect(page.getByText(closure.done)).toBeVisible()
  await expect(page.getByRole('link', { name: more.closure })).toHaveCount(0)
  await accessible('closing')
  await told(page.request, someone.phone, '您已申请注销账号，账号将于 ')
  await page.goto('/account')
  await page.getByRole('button', { name: closing.cancel }).click()
  await expect(page.getByText(closing.cancelled)).toBeVisible()
  await page.reload()
  await flow.heading(texts.account.title)
  await expect(page.getByText(texts.account.locked.title)).toBeVisible()
  await expect(page.getByRole('button', { name: closing.cancel })).toHaveCount(0)
})

test('a unit waits for approval, and another agent is proved before he takes over', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const mine = unit()
  const agent = await loggedIn(page, mine)
  const next = { ...(await person(page.request, 'resident ID')), name: '赵经办' }
  await atTheBank(page, next)
  const { account, proof } = texts
  const flow = new Maintenance(page, texts, language)
  await page.goto('/account')
  await flow.heading(account.title)
  await expect(page.getByText(account.unit.pending.title)).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: mine.name })).toBeVisible()
  await accessible('unit')
  await page.getByRole('link', { name: account.change.open, exact: true }).click()
  await page.getByRole('checkbox', { name: account.change.other_agent }).check()
  await flow.send()
  await expect(page.locator('#document_number-error')).toHaveText(
    proof.errors.document_number.required,
  )
  await accessible('agent')
  // The bank of the agent before is nobody's guess.
  await expect(page.locator('#bank_code-error')).toHaveText(proof.errors.bank_code.required)
  await page.getByLabel(proof.fields.bank, { exact: true }).selectOption(next.bank_code)
  await page.getByLabel(account.fields.agent, { exact: true }).fill(next.name)
  await page.getByLabel(proof.fields.document_number, { exact: true }).fill(next.document_number)
  await page.getByLabel(proof.fields.card_number).fill(next.card_number)
  await page.getByLabel(proof.fields.phone).fill(next.phone)
  await flow.send()
  await flow.heading(account.change.code.title)
  await flow.enter(await codeOf(page.request, next.phone, 'account_change'))
  await expect(page.getByText(account.change.done)).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: '赵' })).toBeVisible()
  await told(page.request, agent.phone, '您的账号信息已修改。')
})

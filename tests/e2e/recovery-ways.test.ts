/** Other ways to a forgotten username or password, each walked through to its end. */
import { moved, person, unique } from './support/people'
import { NEW_PASSWORD, Recovery } from './support/recovery'
import { ANSWERS, codeOf, inbox, questionsOf, registered, told, unit } from './support/rest'
import { expect, fill, test } from './support/test'

test('a forgotten password is set anew with three answers', async ({
  page,
  texts,
  language,
  request,
  accessible,
  expected,
}) => {
  expected.statuses.push(422)
  const someone = await person(request, 'resident ID')
  const username = await registered(request, someone)
  const questions = await questionsOf(request, username)
  const flow = new Recovery(page, texts, language)
  await flow.start('password')
  await flow.user(username)
  await flow.choose('security_questions')
  await flow.heading(texts.recovery.questions.title)
  const fields = questions.map(({ text, text_en }) =>
    page.getByLabel(language === 'en' ? text_en : text, { exact: true }),
  )
  await accessible('questions')
  for (const field of fields) await field.fill('不记得了')
  await flow.next()
  const { answers_wrong } = texts.recovery.errors.answer
  await expect(page.getByRole('alert')).toContainText(fill(answers_wrong, { left: 4 }))
  await accessible('wrong answers')
  // A reload costs no try, and asks the same.
  await page.reload()
  for (const [at, field] of fields.entries()) await field.fill(` ${ANSWERS[at]} `)
  await flow.next()
  await flow.reset()
  const held = fill(texts.recovery.done.held, { changes_hold_hours: 72 })
  await expect(page.getByText(held)).toBeVisible()
  await accessible('done')
  await told(request, someone.phone, '密码已重置')
  await page.getByRole('link', { name: texts.core.login.title, exact: true }).click()
  await flow.signIn(NEW_PASSWORD, username)
  await flow.heading(texts.account.title)
})

test('a username comes to the new phone when the old one is gone', async ({
  page,
  texts,
  language,
  request,
  accessible,
  expected,
}) => {
  expected.statuses.push(422)
  const someone = await person(request, 'resident ID')
  const username = await registered(request, someone)
  const after = await moved(request, someone)
  const flow = new Recovery(page, texts, language)
  await flow.start('username')
  await flow.person(someone)
  await flow.phoneIsGone()
  // Nothing need be typed twice.
  await expect(page.locator('#document_number')).toHaveValue(someone.document_number)
  await accessible('new phone')
  await flow.fillPhone({ ...after, phone: `137${unique(8)}` })
  await flow.send()
  const refused = page.getByRole('alert')
  await expect(refused).toContainText(texts.proof.problems.bank_mismatch.title)
  await expect(refused.getByRole('listitem')).toHaveCount(3)
  await accessible('mismatch')
  await page.getByLabel(texts.proof.fields.phone, { exact: true }).fill(after.phone)
  await flow.send()
  await flow.heading(texts.recovery.phone.code_title)
  await expect(page.getByText(after.phone.slice(-4))).toBeVisible()
  await accessible('code of the new phone')
  await flow.enter(await codeOf(request, after.phone, 'phone_replacement'))
  await flow.heading(texts.recovery.code.title_username)
  await expect(page.getByText(texts.recovery.phone.replaced)).toBeVisible()
  await accessible('back at the recovery')
  await flow.send()
  await flow.enter(await codeOf(request, after.phone, 'username_recovery'))
  await flow.heading(texts.recovery.username.steps.done)
  await told(request, after.phone, username)
  // The old phone is told once, and nothing else since the registration.
  await told(request, someone.phone, '手机号码已更换')
  expect(await inbox(request, someone.phone)).toHaveLength(2)
})

test('a recovery that is over says so, and where to begin again', async ({
  page,
  texts,
  language,
  request,
  accessible,
  expected,
  baseURL,
}) => {
  expected.statuses.push(404)
  const someone = await person(request, 'resident ID')
  const flow = new Recovery(page, texts, language)
  await page.clock.install()
  await flow.start('username')
  await flow.person(someone)
  await page.clock.fastForward('12:30')
  await expect(page.getByText(texts.recovery.expiry.warning)).toBeVisible()
  await accessible('soon over')
  const current = (await (await page.request.get('/api/v1/recoveries/current')).json()) as {
    id: string
  }
  // As the page itself would: with a cookie only its own origin is trusted.
  const headers = { Origin: baseURL ?? '' }
  const gone = await page.request.delete(`/api/v1/recoveries/${current.id}`, { headers })
  expect(gone.status(), await gone.text()).toBe(204)
  await page.clock.fastForward('03:00')
  await flow.heading(texts.recovery.problems.flow_not_found.title)
  await expect(page.getByText(texts.recovery.expiry.kept)).toBeVisible()
  await accessible('expired')
  await page.getByRole('link', { name: texts.recovery.username.title, exact: true }).click()
  await flow.heading(texts.recovery.username.title)
  await expect(page.locator('#name')).toHaveValue(someone.name)
  await expect(page.locator('#document_number')).toHaveValue(someone.document_number)
})

test('a unit finds its username', async ({ page, texts, language, request, accessible }) => {
  const agent = await person(request, 'resident ID')
  const mine = unit()
  const username = await registered(request, agent, mine)
  const flow = new Recovery(page, texts, language)
  await flow.start('username')
  await page.getByRole('radio', { name: texts.proof.user_type.unit, exact: true }).check()
  await accessible('unit')
  await flow.unit(mine)
  await flow.send()
  await flow.enter(await codeOf(request, agent.phone, 'username_recovery'))
  await flow.heading(texts.recovery.username.steps.done)
  await told(request, agent.phone, username)
})

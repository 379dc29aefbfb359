/** 「写信给我们」: what the guide asks of a mail, in a form with a case number. */
import { atTheBank, member } from './support/account'
import { Maintenance, PASSWORD, Registration, solveCaptcha } from './support/flow'
import { person, unique } from './support/people'
import { expect, fill, test, type Page } from './support/test'

interface Mail {
  to: string
  subject: string
  text: string
}

/** The mail about a case, once it is sent. */
async function mailAbout(page: Page, number: string): Promise<Mail> {
  let found: Mail | undefined
  await expect
    .poll(async () => {
      const answer = await page.request.get('/sandbox/v1/mail')
      const { items } = (await answer.json()) as { items: Mail[] }
      found = items.find((one) => `${one.subject} ${one.text}`.includes(number))
      return found !== undefined
    })
    .toBe(true)
  return found ?? { to: '', subject: '', text: '' }
}

test('a letter from the help gets a number, and the operator gets a mail', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const { errors, fields, topics, write, written } = texts.help
  const flow = new Maintenance(page, texts, language)
  const someone = { name: '王小明', document_number: `H${unique(8)}` }
  await page.goto('/help')
  await page.getByRole('link', { name: texts.core.links.write }).first().click()
  await flow.heading(texts.core.links.write)
  await accessible('letter')
  const send = page.getByRole('button', { name: write.send, exact: true })
  await send.click()
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveText([
    errors.topic.required,
    errors.reply_to.required,
    errors.message.required,
    texts.core.errors.captcha.required,
  ])
  await accessible('empty letter')
  await page.getByLabel(fields.topic).selectOption({ label: topics.name })
  await page.getByLabel(fields.name, { exact: true }).fill(someone.name)
  await page.getByLabel(fields.document_number).fill(someone.document_number)
  await page.getByLabel(fields.reply_to).fill('someone@example')
  await page.getByLabel(fields.message).fill(`生僻字，银行用拼音登记。${unique(6)}`)
  await solveCaptcha(page, texts)
  await send.click()
  await expect(page.locator('#reply_to-error')).toHaveText(
    errors.reply_to.email_format.replace("{'@'}", '@'),
  )
  const address = `someone${unique(6)}@example.com`
  await page.getByLabel(fields.reply_to).fill(address)
  await send.click()
  await flow.heading(written.title)
  const number = (await page.locator('.notice strong').textContent()) ?? ''
  expect(number).toMatch(/^C\d{8}-[0-9A-Z]{6}$/)
  await expect(page.getByText(fill(written.answer, { email: address }))).toBeVisible()
  await accessible('written')
  // Who it is about stays in the case; the operator chose no personal data in mails.
  const mail = await mailAbout(page, number)
  expect(mail.text).not.toContain(someone.name)
  expect(mail.text).not.toContain(someone.document_number)
  await page.goto('/sandbox')
  await expect(page.getByText(number).first()).toBeVisible()
  // The people of all tests would take axe a long time.
  await page.getByLabel(texts.sandbox.filter).selectOption('PASSPORT_CN')
  await accessible('sandbox with mail')
  await page.goto('/help/written')
  await expect(page.getByText(written.forgotten)).toBeVisible()
})

test('a letter after a mismatch takes along only what the person wants', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const someone = await person(page.request, 'resident ID')
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await flow.identity(someone)
  await flow.fillBank({ ...someone, phone: '13700000000' })
  await flow.send()
  const { fields, topics } = texts.help
  const notice = page.getByRole('alert')
  await expect(notice).toContainText(texts.proof.problems.bank_mismatch.title)
  const write = notice.getByRole('button', { name: texts.core.links.write })
  await write.click()
  await flow.heading(texts.core.links.write)
  await expect(page.getByLabel(fields.name, { exact: true })).toHaveValue('')
  await page.goBack()
  await flow.heading(texts.registration.bank.title)
  await flow.send()
  await notice.getByRole('checkbox', { name: texts.proof.write.along }).check()
  await write.click()
  await flow.heading(texts.core.links.write)
  await expect(page.getByLabel(fields.topic).locator('option:checked')).toHaveText(
    topics.bank_mismatch,
  )
  await expect(page.getByLabel(fields.name, { exact: true })).toHaveValue(someone.name)
  await expect(page.getByLabel(fields.document_number)).toHaveValue(someone.document_number)
  await accessible('prefilled letter')
  // Nothing of it stands in the address.
  expect(decodeURIComponent(page.url())).not.toContain(someone.document_number)
})

test('answers of the help lead to the pages that they speak of', async ({
  page,
  texts,
  language,
}) => {
  const someone = await member(page)
  await atTheBank(page, { ...someone, name: '王大明' })
  const flow = new Maintenance(page, texts, language)
  await page.goto('/help#change-details')
  const answer = page.locator('.answer').filter({ has: page.locator('#change-details') })
  await answer.getByRole('link', { name: texts.account.change.title }).click()
  await flow.heading(texts.core.login.title)
  await flow.signIn(PASSWORD, someone.username)
  await flow.heading(texts.account.change.title)
  await page.goto('/help#phone-disabled')
  const disabled = page.locator('.answer').filter({ has: page.locator('#phone-disabled') })
  await disabled.getByRole('link', { name: texts.recovery.username.title }).click()
  await flow.heading(texts.recovery.username.title)
})

test('a person of the sandbox gets another phone', async ({
  page,
  texts,
  expected,
  accessible,
}) => {
  expected.statuses.push(422)
  const words = texts.sandbox
  await page.goto('/sandbox')
  await page.getByRole('button', { name: words.new_phone.open }).first().click()
  await accessible('sandbox form')
  await page.getByRole('button', { name: words.new_phone.save }).click()
  await expect(page.locator('#new_phone-error')).toHaveText(words.errors.new_phone.required)
  const phone = `139${unique(8)}`
  await page.getByLabel(words.new_phone.label).fill(phone)
  await page.getByRole('button', { name: words.new_phone.save }).click()
  const added = page.getByRole('listitem').filter({ hasText: phone })
  await expect(added).toContainText(words.again)
})

/** 单位用户 register, by an agent, and wait for approval. */
import { Registration } from './support/flow'
import { person } from './support/people'
import { codeOf, registered, unit, type Unit } from './support/rest'
import { expect, fill, test, type Texts, type Page } from './support/test'

const fillUnit = async (page: Page, texts: Texts, mine: Unit): Promise<void> => {
  const { proof, registration } = texts
  const values = [
    [proof.fields.unit_name, mine.name],
    [proof.fields.credit_code, mine.credit_code],
    [registration.fields.legal_representative, mine.legal_representative],
  ] as const
  for (const [label, value] of values) await page.getByLabel(label, { exact: true }).fill(value)
}

test('a unit registers by its agent and waits for approval', async ({
  page,
  texts,
  language,
  request,
  accessible,
}) => {
  const { registration: words, proof } = texts
  const mine = unit()
  const agent = await person(request, 'resident ID')
  // An agent may have an account too.
  await registered(request, agent)
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await page.getByRole('radio', { name: proof.user_type.unit, exact: true }).check()
  await expect(page.getByText(words.credentials.needed_unit)).toBeVisible()
  await accessible('credentials of a unit')
  await flow.fillCredentials()
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await flow.next()
  await flow.heading(words.unit.title)
  await accessible('unit')

  // Each mistake has words of its own.
  await flow.next()
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(3)
  const { credit_code } = proof.errors
  const last = mine.credit_code.slice(-1)
  for (const [typed, text] of [
    [mine.credit_code.slice(1), credit_code.credit_code_too_short],
    [`${mine.credit_code}0`, credit_code.credit_code_too_long],
    [mine.credit_code.replace('4', 'O'), credit_code.credit_code_format],
    [mine.credit_code.slice(0, -1) + (last === '0' ? '1' : '0'), credit_code.credit_code_checksum],
  ] as const) {
    await fillUnit(page, texts, { ...mine, credit_code: typed })
    await flow.next()
    await expect(page.locator('#credit_code-error')).toHaveText(text)
  }
  await accessible('wrong credit code')
  // In small letters and with spaces, as people type.
  const spaced = mine.credit_code.toLowerCase().replace(/(.{4})(?=.)/g, '$1 ')
  await fillUnit(page, texts, { ...mine, credit_code: spaced })
  await flow.next()
  await flow.heading(words.identity.agent_title)
  await accessible('agent')
  await page.goBack()
  await flow.heading(words.unit.title)
  await page.goForward()
  await page.reload()
  await flow.heading(words.identity.agent_title)
  await flow.identity(agent)
  await flow.bank(agent)
  // The second: the first was for the account of the agent.
  const code = await codeOf(request, agent.phone, 'registration', 2)
  await page.getByLabel(proof.fields.code).fill(code)
  await flow.next()
  await flow.heading(words.steps.done)
  await expect(page.getByText(fill(words.done.unit, { username: flow.username }))).toBeVisible()
  await expect(page.getByText(words.done.approval)).toBeVisible()
  await accessible('done')
  await page.getByRole('link', { name: texts.core.login.title, exact: true }).click()
  await flow.signIn()
  await flow.heading(texts.account.title)
  await expect(page.getByText(texts.account.unit.pending.text)).toBeVisible()
})

test('a unit registers once', async ({ page, texts, language, request, expected, accessible }) => {
  expected.statuses.push(409)
  const { registration: words, proof } = texts
  const mine = unit()
  await registered(request, await person(request, 'resident ID'), mine)
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await page.getByRole('radio', { name: proof.user_type.unit, exact: true }).check()
  await flow.fillCredentials()
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await flow.next()
  await flow.heading(words.unit.title)
  await fillUnit(page, texts, mine)
  await flow.next()
  await expect(page.locator('#credit_code-error')).toHaveText(words.errors.credit_code.in_use)
  await expect(page.locator('#unit_name')).toHaveValue(mine.name)
  await accessible('used credit code')
  await page.getByRole('alert').getByRole('link', { name: words.in_use.username }).click()
  await expect(page).toHaveURL(/recovery\/username/)
})

/** The bank fails. One test at a time: all tests share one bank. */
import { Registration } from './support/flow'
import { person } from './support/people'
import { expect, fill, test } from './support/test'

test.afterEach(async ({ request }) => {
  await request.put('/sandbox/v1/bank/behaviour', {
    data: { mode: 'normal', delay_ms: null, remaining: null },
  })
})

for (const mode of ['error', 'timeout'] as const) {
  test(`a bank with ${mode}: said, kept, not counted, and a retry succeeds`, async ({
    page,
    texts,
    language,
    request,
    expected,
    accessible,
  }) => {
    expected.statuses.push(503)
    const someone = await person(request, 'resident ID')
    const flow = new Registration(page, texts, language)
    await page.goto('/register')
    await flow.credentials()
    await flow.identity(someone)
    await flow.fillBank(someone)
    await request.put('/sandbox/v1/bank/behaviour', {
      data: { mode, delay_ms: null, remaining: null },
    })
    await flow.send()
    await expect(page.getByRole('alert')).toContainText(texts.proof.problems.bank_unavailable.title)
    await accessible('bank unavailable')
    await expect(page.locator('#phone')).toHaveValue(someone.phone)
    await expect(page.getByText(fill(texts.registration.bank.left, { left: 5 }))).toBeVisible()
    await request.put('/sandbox/v1/bank/behaviour', {
      data: { mode: 'normal', delay_ms: null, remaining: null },
    })
    await flow.send()
    await flow.heading(texts.registration.code.title)
    await flow.code(someone)
  })
}

test('a slow bank: the page says that it is working, and gets there', async ({
  page,
  texts,
  language,
  request,
}) => {
  const someone = await person(request, 'resident ID')
  const flow = new Registration(page, texts, language)
  await page.goto('/register')
  await flow.credentials()
  await flow.identity(someone)
  await flow.fillBank(someone)
  await request.put('/sandbox/v1/bank/behaviour', {
    data: { mode: 'slow', delay_ms: 2500, remaining: null },
  })
  await flow.send()
  await expect(page.getByText(texts.proof.bank.asking)).toBeVisible()
  await flow.heading(texts.registration.code.title)
})

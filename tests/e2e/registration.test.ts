import { classes, person } from './support/people'
import { Registration } from './support/flow'
import { Keyboard } from './support/keyboard'
import { expect, hardest, test } from './support/test'

for (const kind of Object.keys(classes)) {
  test(`registers, logs in and logs out: ${kind}`, async ({
    page,
    texts,
    language,
    accessible,
    request,
  }, { project }) => {
    // The other ways to look at pages differ in style only: one person sees them so.
    const hard = kind === 'resident ID' && project.name === 'phone-zh'
    if (hard) await hardest(page)
    const someone = await person(request, kind)
    // The pages are the same for everybody but for the country of a passport.
    const look = ['resident ID', 'passport'].includes(kind) ? accessible : () => Promise.resolve()
    const flow = new Registration(page, texts, language)
    await page.goto('/')
    if (hard) await expect(page.locator('html')).toHaveClass(/large/)
    await look('login')
    await page.getByRole('link', { name: texts.core.links.register, exact: true }).click()
    await flow.heading(texts.registration.credentials.title)
    await look('credentials')
    await flow.credentials()
    await look('identity')
    await flow.identity(someone)
    await look('bank')
    await flow.bank(someone)
    await look('code')
    await flow.code(someone)
    await look('done')

    await page.getByRole('link', { name: texts.core.login.title, exact: true }).click()
    await flow.signIn()
    await flow.heading(texts.account.title)
    await expect(page.getByText(flow.username)).toBeVisible()
    await look('account')
    const shown = (await page.locator('main').textContent()) ?? ''
    for (const secret of [someone.document_number, someone.card_number, someone.phone]) {
      expect(shown).not.toContain(secret)
    }
    await page.getByRole('button', { name: texts.account.sign_out, exact: true }).click()
    await expect(page.getByText(texts.core.login.out)).toBeVisible()
    await page.goto('/account')
    await flow.heading(texts.core.login.title)
  })
}

test('registers by keyboard alone', async ({ page, texts, language, request }, { project }) => {
  test.skip(project.name !== 'desktop-zh', 'the keys are the same in both languages')
  const someone = await person(request, 'permit')
  await page.goto('/')
  await page.locator('h1').waitFor()
  await new Keyboard(new Registration(page, texts, language)).register(someone)
})

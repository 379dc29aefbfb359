/** Every page, in every way that people look at it. */
import { loggedIn, logIn } from './support/account'
import { Registration } from './support/flow'
import { expect, hardest, test } from './support/test'

const pages = [
  '/',
  '/register',
  '/register/expired',
  '/recovery/username',
  '/recovery/password',
  '/recovery/expired',
  '/help',
  '/help/write',
  '/help/written',
  '/legal/user-agreement',
  '/legal/privacy-notice',
  '/legal/bank-check',
  '/sandbox',
  '/there/is/no/such/page',
]

// Both sizes and both languages, but not in all four ways.
const both = ['phone-zh', 'desktop-en']

for (const path of pages) {
  test(`${path} is accessible and fits`, async ({ page, texts, accessible }, { project }) => {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
    await expect(page).toHaveTitle(new RegExp(texts.core.product))
    // The people of all tests would take axe a long time.
    const few = async () => {
      if (path !== '/sandbox') return
      await page.getByLabel(texts.sandbox.filter).selectOption('PASSPORT_CN')
    }
    await few()
    await accessible('as it is')
    // The other ways to look at it differ in style only.
    if (!both.includes(project.name)) return
    await page.getByRole('button', { name: texts.core.large_text }).click()
    await accessible('large')
    await page.emulateMedia({ colorScheme: 'dark' })
    await accessible('large and dark')
    await page.setViewportSize({ width: 320, height: 640 })
    await accessible('320 pixels wide')
    await page.reload()
    await expect(page.locator('html')).toHaveClass(/large/)
    await few()
    await page.getByRole('button', { name: texts.core.large_text }).click()
    await accessible('dark')
  })
}

test('every page of an account is accessible and fits', async ({ page, texts, accessible }, {
  project,
}) => {
  await loggedIn(page)
  // In one of the four ways as few see them.
  const hard = project.name === 'desktop-en'
  if (hard) await hardest(page)
  const pages = ['', 'change', 'password', 'questions', 'history', 'authorized-systems']
  for (const name of [...pages, 'identity-checks', 'export', 'closure']) {
    await page.goto(`/account/${name}`)
    await expect(page).toHaveTitle(new RegExp(texts.core.product))
    if (hard) await expect(page.locator('html')).toHaveClass(/large/)
    await accessible(name)
    await expect(page, 'nobody is sent elsewhere').toHaveURL(new RegExp(`/account/?${name}$`))
  }
})

test('nothing is a dead end: every link leads to a page', async ({ page, request }, {
  project,
}) => {
  test.skip(!both.includes(project.name), 'what is linked depends on the language only')
  const seen = new Set<string>()
  for (const path of pages.slice(0, -1)) {
    await page.goto(path)
    await page.locator('h1').waitFor()
    for (const link of await page.locator('a[href^="/"]').all()) {
      seen.add((await link.getAttribute('href')) ?? '')
    }
  }
  for (const href of seen) {
    const answer = await request.get(href)
    expect(answer.status(), href).toBe(200)
    if (href.startsWith('/docs')) continue
    await page.goto(href)
    await expect(page.locator('h1')).not.toHaveText(/找不到|not found/)
    const anchor = href.split('#')[1]
    if (anchor !== undefined) await expect(page.locator(`[id="${anchor}"]`)).toBeVisible()
  }
})

test('the language changes at once and is remembered', async ({ page, language }) => {
  await page.goto('/')
  const [to, back] = language === 'en' ? ['中文', 'English'] : ['English', '中文']
  await expect(page.locator('html')).toHaveAttribute('lang', language)
  await page.fill('#username', 'kept')
  await page.getByRole('button', { name: to, exact: true }).click()
  await expect(page.locator('html')).not.toHaveAttribute('lang', language)
  await expect(page.locator('#username')).toHaveValue('kept')
  await page.reload()
  await expect(page.getByRole('button', { name: back, exact: true })).toBeVisible()
})

test('everything can be reached by keyboard, and a new page is read from its heading', async ({
  page,
  texts,
  isMobile,
}) => {
  test.skip(isMobile, 'a phone has no Tab key')
  await page.goto('/')
  await page.locator('h1').waitFor()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: texts.core.skip })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toBeFocused()
  const reached: string[] = []
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    const id = await page.evaluate(() => document.activeElement?.id ?? '')
    reached.push(id)
  }
  expect(reached).toEqual(expect.arrayContaining(['username', 'password', 'captcha']))
  await page.getByRole('link', { name: texts.core.links.register, exact: true }).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('h1')).toHaveText(texts.registration.credentials.title)
  await expect(page.locator('h1')).toBeFocused()
})

test('the documentation works without anything from elsewhere', async ({ page, texts, baseURL }, {
  project,
}) => {
  test.skip(!both.includes(project.name), 'it has one language')
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL ?? '') && !request.url().startsWith('data:')) {
      foreign.push(request.url())
    }
  })
  await page.goto('/docs/')
  await expect(page.getByText('/api/v1/registrations').first()).toBeVisible()
  await expect(page.getByText(texts.core.sandbox.text)).toBeVisible()
  expect(foreign).toEqual([])
})

test('sessions are listed, and one can be ended from another', async ({
  page,
  browser,
  texts,
  language,
  baseURL,
}) => {
  const someone = await loggedIn(page)
  const elsewhere = await browser.newContext({
    baseURL: baseURL ?? '',
    locale: language === 'en' ? 'en-GB' : 'zh-CN',
  })
  const other = await elsewhere.newPage()
  await logIn(other, someone)
  await other.goto('/account')
  await new Registration(other, texts, language).heading(texts.account.title)
  await page.goto('/account/history')
  const sessions = page.locator('ul.cards > li')
  await expect(sessions).toHaveCount(2)
  await page.getByRole('button', { name: texts.records.sessions.end }).click()
  await expect(sessions).toHaveCount(1)
  await other.reload()
  await expect(other.getByText(texts.core.login.ended)).toBeVisible()
  await elsewhere.close()
})

/** docs/integrators.md does what it says: its commands and its programs are run as they stand. */
import { loggedIn, member } from './support/account'
import { blocks, Guide, Output } from './support/guide'
import { expect, test, type Page, type SignIn } from './support/sign-in'
import { origin } from './playwright.config'
import { stopped } from './support/systems'

const NAME = { 'zh-CN': '人事系统', en: 'HR system' }

test('the guide has the same code in both languages, and says of each block how it is tested', () => {
  const all = blocks('integrators.md')
  expect(all.length).toBeGreaterThan(10)
  expect(blocks('integrators.zh-CN.md').map(({ code }) => code)).toEqual(
    all.map(({ code }) => code),
  )
  const languages = ['sh', 'js', 'python']
  const untold = all.filter(({ how, language }) => how === '' && languages.includes(language))
  expect(untold).toEqual([])
})

test.describe('the guide for integrators', () => {
  // One after the other: the programs use the client that the commands register.
  test.describe.configure({ mode: 'serial', timeout: 120_000 })
  let guide: Guide
  test.beforeAll(async () => {
    guide = await Guide.make()
  })

  test('from nothing to a signed-in user, the API and a webhook with curl', async ({
    page,
    flow,
    language,
  }) => {
    const someone = await loggedIn(page)
    const shell = guide.shell()
    const output = new Output(shell)
    const [, url = ''] = await output.match(/Open in a browser: (\S+)/)
    // Nobody listens where the browser ends.
    const answer = page.waitForRequest((request) =>
      request.url().startsWith(`${guide.url}/callback`),
    )
    await page.route(`${guide.url}/**`, (route) => route.fulfill({ body: 'nobody' }))
    await page.goto(url)
    await flow.allow(NAME[language])
    shell.stdin?.write(`${(await answer).url()}\n`)

    await output.match(/state: mine\niss: right/)
    await output.match(new RegExp(`"name": "${someone.name}"`))
    await output.match(/"match": (true|false)/)
    await output.match(/waiting/)
    const [, client] = /client_id=([^&]+)/.exec(url) ?? []
    const withdrawn = await page.request.delete(`/api/v1/account/authorized-systems/${client}`, {
      headers: { Origin: origin },
    })
    expect(withdrawn.status()).toBe(204)
    await output.match(/consent\.withdrawn/)
    await output.match(/signature: right/)
    expect(await output.ended(), output.text).toBe(0)
  })

  const signsIn = async (file: string, [page, flow]: [Page, SignIn], name: string) => {
    const someone = await member(page)
    const program = guide.program(file)
    const output = new Output(program)
    try {
      await output.match(/waiting|Running on/)
      await page.goto(guide.url)
      await flow.logIn(someone.username)
      await flow.allow(name)
      await expect(page).toHaveURL(`${guide.url}/`)
      await expect(page.locator('body')).toContainText(`"${someone.username}"`)
      // The same session, which ends at both.
      await page.goto(`${guide.url}/logout`)
      await flow.logIn(someone.username)
      await expect(page.locator('body')).toContainText(`"${someone.username}"`)
    } finally {
      await stopped(program)
    }
  }

  // The programs have no icon.
  test('signing in with Node.js and openid-client', async ({ page, flow, language, expected }) => {
    expected.statuses.push(404)
    await signsIn('sign-in.mjs', [page, flow], NAME[language])
  })

  test('signing in with Python and Authlib', async ({ page, flow, language, expected }) => {
    expected.statuses.push(404)
    await signsIn('sign_in.py', [page, flow], NAME[language])
  })
})

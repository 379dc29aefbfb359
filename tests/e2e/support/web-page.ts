/** A page without a server, with oidc-client-ts: what it consists of, and how a test drives it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { UserManager } from 'oidc-client-ts'
import { origin } from '../playwright.config'
import { register, root, type Registered } from './systems'

export const NAME = { 'zh-CN': '网页系统', en: 'Page without a server' }
const library = readFileSync(
  join(root, 'tests/e2e/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js'),
  'utf8',
)
const HTML = `<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,">
<h1 id="state">…</h1><pre id="profile"></pre>
<script src="/oidc-client-ts.js"></script><script src="/page.js"></script>`

/** Runs in the browser. */
const script = (clientId: string): string => `
const own = location.origin
const manager = new oidc.UserManager({
  authority: '${origin}', client_id: '${clientId}', scope: 'openid profile realname',
  redirect_uri: own + '/callback', silent_redirect_uri: own + '/silent',
  post_logout_redirect_uri: own + '/', automaticSilentRenew: false, loadUserInfo: true,
})
window.manager = manager
const show = (state, profile) => {
  document.getElementById('state').textContent = state
  document.getElementById('profile').textContent = JSON.stringify(profile ?? null)
}
const settle = async () => {
  if (location.pathname === '/silent') return manager.signinSilentCallback()
  if (location.pathname === '/callback') {
    // It notes the answer and cleans the address.
    await manager.signinCallback()
    history.replaceState(null, '', '/')
  }
  const user = await manager.getUser()
  show(user ? 'signed in' : 'signed out', user?.profile)
}
settle().catch((error) => show('error: ' + (error.error ?? error.message)))
`

/** What the page answers with at a path. */
export function served(pathname: string, clientId: string): { type: string; body: string } {
  const [type, body] =
    pathname === '/oidc-client-ts.js'
      ? ['text/javascript', library]
      : pathname === '/page.js'
        ? ['text/javascript', script(clientId)]
        : ['text/html', HTML]
  return { type: `${type}; charset=utf-8`, body }
}

/** Registers the page at an address, as a public client. */
export const registerPage = (url: string): Promise<Registered> =>
  register({
    client_name: NAME['zh-CN'],
    'client_name#en': NAME.en,
    owner: '测试',
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    scope: 'openid profile phone realname',
    redirect_uris: [`${url}/callback`, `${url}/silent`],
    post_logout_redirect_uris: [`${url}/`],
  })

declare global {
  interface Window {
    manager: UserManager
  }
}

export const state = (page: Page) => page.locator('#state')
/** Leaves for Shiming. */
export const go = (page: Page, extra: object) =>
  page.evaluate((wish) => void window.manager.signinRedirect(wish), extra)
/** What the page knows of the person. */
export const profile = async (page: Page): Promise<Record<string, unknown>> =>
  JSON.parse((await page.locator('#profile').textContent()) ?? 'null') as Record<string, unknown>

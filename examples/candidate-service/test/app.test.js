import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowInsecureRequests, Configuration, None } from 'openid-client'
import { app } from '../src/app.js'
import { maskDocument, maskPhone } from '../src/person.js'
import { Provider } from '../src/provider.js'
import { Sessions } from '../src/sessions.js'
import { texts } from '../src/texts.js'

const settings = {
  host: '127.0.0.1',
  port: 8090,
  url: new URL('http://localhost:8090'),
  // Nobody listens there.
  issuer: new URL('http://127.0.0.1:9'),
  clientId: 'candidate',
  clientSecret: 'secret',
  freshSeconds: 300,
}
const candidate = app(settings)

/** @param {string} path @param {RequestInit} [init] */
const ask = (path, init) => candidate.request(`http://localhost:8090${path}`, init)

test('the login page has the words of the guide, and leads to Shiming', async () => {
  const answer = await ask('/')
  const page = await answer.text()
  for (const label of ['登录', '立即注册', '忘记用户名？', '忘记密码？', '用户信息维护', '帮助']) {
    assert.match(page, new RegExp(`>\\s*${label}\\s*</a`))
  }
  assert.match(page, /href="http:\/\/127\.0\.0\.1:9\/help"/)
  // The others begin a request first, so that there is a way back.
  for (const path of ['/login', '/register', '/recovery/username', '/recovery/password']) {
    assert.ok(page.includes(`href="${path}"`), path)
  }
  assert.ok(page.includes('href="/account"'))
  assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
  assert.doesNotMatch(page, /<script|style="/)
})

test('the page speaks the language of the browser, and the one that is chosen', async () => {
  const english = await ask('/', { headers: { 'Accept-Language': 'en-GB,en;q=0.9' } })
  assert.match(await english.text(), /<html lang="en">/)
  const chinese = await ask('/?lang=zh-CN', { headers: { 'Accept-Language': 'en' } })
  assert.match(await chinese.text(), /<html lang="zh-CN">/)
})

test('both languages have the same words', () => {
  const keys = (/** @type {object} */ of) =>
    Object.entries(of).flatMap(([key, value]) =>
      typeof value === 'string' ? [key] : [key, ...Object.keys(value)],
    )
  assert.deepEqual(keys(texts.en), keys(texts['zh-CN']))
})

test('nobody sees a page of somebody who is signed in', async () => {
  for (const path of ['/me', '/exams/civil-service/ticket']) {
    const answer = await ask(path)
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.get('location'), '/')
  }
})

test('an answer to a login that did not begin here is refused', async () => {
  const answer = await ask('/callback?code=c&state=s&iss=http%3A%2F%2F127.0.0.1%3A9')
  assert.equal(answer.status, 400)
})

test('a form of another site is refused', async () => {
  const answer = await ask('/logout', {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: 'https://evil.example',
      'Sec-Fetch-Site': 'cross-site',
    },
  })
  assert.equal(answer.status, 403)
})

test('without Shiming there is a page that says so', async () => {
  for (const path of ['/login', '/register', '/recovery/username', '/account']) {
    assert.equal((await ask(path)).status, 503, path)
  }
})

test('a request says what the person wants to do first, beside what it asks for', async () => {
  const provider = new Provider(settings)
  const metadata = { issuer: 'http://127.0.0.1:9', authorization_endpoint: 'http://127.0.0.1:9/a' }
  const known = new Configuration(metadata, 'candidate', undefined, None())
  allowInsecureRequests(known)
  provider.configuration = async () => known
  const begun = async (/** @type {object} */ wish) => {
    const { url } = await provider.begin({ language: 'en', returnTo: '/me', ...wish })
    return [url.hash, url.searchParams.get('prompt')]
  }
  assert.deepEqual(await begun({}), ['', null])
  assert.deepEqual(await begun({ create: true }), ['', 'create'])
  assert.deepEqual(await begun({ first: 'recover-username' }), ['#recover-username', 'login'])
  assert.deepEqual(await begun({ first: 'account' }), ['#account', null])
})

test('numbers are masked', () => {
  assert.equal(maskPhone('+8613800138000'), '138****8000')
  const number = { document_number: '440305199003071234', document_number_masked: false }
  assert.equal(maskDocument(number), '4***************34')
})

test('visitors who are nobody put nobody out who has signed in', () => {
  const sessions = new Sessions(Date.now, 3)
  const somebody = sessions.create()
  const tokens = { access: '', accessEndsAt: 0, id: '' }
  somebody.signedIn = { subject: 'p', sessionId: 'a', authenticatedAt: 0, tokens }
  const nobodies = Array.from({ length: 10 }, () => sessions.create())
  assert.equal(sessions.find(somebody.id), somebody)
  const left = nobodies.filter(({ id }) => sessions.find(id) !== undefined)
  assert.deepEqual(left, nobodies.slice(-2))
})

test('a session ends idle, at last, and when Shiming says so', () => {
  let now = 0
  const sessions = new Sessions(() => now)
  const idle = sessions.create()
  now += 31 * 60_000
  assert.equal(sessions.find(idle.id), undefined)

  const busy = sessions.create()
  for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
    assert.equal(sessions.find(busy.id), busy)
    now += 20 * 60_000
  }
  assert.equal(sessions.find(busy.id), undefined)

  const tokens = { access: '', accessEndsAt: 0, id: '' }
  const made = ['a', 'b', 'b'].map((sessionId) => {
    const session = sessions.create()
    session.signedIn = { subject: 'p', sessionId, authenticatedAt: 0, tokens }
    return session
  })
  sessions.endAll({ subject: 'p', sessionId: 'b' })
  const left = made.map(({ id }) => sessions.find(id) !== undefined)
  assert.deepEqual(left, [true, false, false])
})

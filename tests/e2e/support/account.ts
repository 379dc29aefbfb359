/** Somebody who is registered and logged in: over REST, because a browser would take far longer. */
import type { Page } from '@playwright/test'
import { PASSWORD } from './flow'
import { person, type Person } from './people'
import { captcha, registered, type Unit } from './rest'
import { expect } from './test'

export interface Member extends Person {
  username: string
}

/** Somebody with an account, or who acts for a unit. */
export async function member(page: Page, ofUnit?: Unit): Promise<Member> {
  const someone = await person(page.request, 'resident ID')
  return { ...someone, username: await registered(page.request, someone, ofUnit) }
}

/** Logs the browser in, as if the login page had done it. */
export async function logIn(page: Page, { username }: Member, password = PASSWORD): Promise<void> {
  const answer = await page.request.post('/api/v1/sessions', {
    data: { username, password, captcha: await captcha(page.request) },
  })
  expect(answer.status(), await answer.text()).toBe(201)
  // What the page remembers of it, once: it may forget it.
  await page.addInitScript(() => {
    if (localStorage.getItem('e2e') !== null) return
    localStorage.setItem('e2e', 'logged in')
    localStorage.setItem('shiming.signed-in', 'yes')
  })
}

export async function loggedIn(page: Page, ofUnit?: Unit): Promise<Member> {
  const someone = await member(page, ofUnit)
  await logIn(page, someone)
  return someone
}

/** Makes the bank know what has changed of a person. */
export async function atTheBank(page: Page, now: Person): Promise<void> {
  const { name, document_type, document_number, issuing_country, gender, birth_date } = now
  const { bank_code, card_number, card_kind, phone } = now
  const answer = await page.request.post('/sandbox/v1/cardholders', {
    data: {
      ...{ name, document_type, document_number, issuing_country, gender, birth_date },
      ...{ bank_code, card_number, card_kind, phone },
    },
  })
  expect(answer.status(), await answer.text()).toBe(201)
}

/** The page believes, and the server says once, that the password was entered too long ago. */
export async function stale(page: Page): Promise<void> {
  await page.route(
    '**/api/v1/account',
    async (route) => {
      const answer = await route.fetch()
      const account = (await answer.json()) as Record<string, unknown>
      await route.fulfill({ response: answer, json: { ...account, password_fresh_until: null } })
    },
    { times: 1 },
  )
}

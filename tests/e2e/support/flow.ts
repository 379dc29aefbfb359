/** The registration as a person walks through it. */
import type { Page } from '@playwright/test'
import { codeFor, unique, type Person } from './people'
import { expect, type Language, type Texts } from './test'

export const PASSWORD = 'lychee park morning 7'

/** What the captcha of the page shows, read through the sandbox. */
export async function captchaAnswer(page: Page, texts: Texts): Promise<string> {
  const image = page.getByAltText(texts.core.captcha.image)
  await expect(image).toBeVisible()
  const id = /captchas\/([^/]+)/.exec((await image.getAttribute('src')) ?? '')?.[1] ?? ''
  const answer = await page.request.get(`/sandbox/v1/captchas/${id}`)
  return ((await answer.json()) as { answer: string }).answer
}

/** Types it. */
export async function solveCaptcha(page: Page, texts: Texts): Promise<void> {
  await page.getByLabel(texts.core.captcha.label).fill(await captchaAnswer(page, texts))
}

export class Registration {
  readonly username = `user${unique(9)}`

  constructor(
    readonly page: Page,
    readonly texts: Texts,
    readonly language: Language,
  ) {}

  heading(text: string): Promise<void> {
    return expect(this.page.getByRole('heading', { level: 1 })).toHaveText(text)
  }

  /** Presses 下一步 once the page has done what it was at: before, a press is ignored. */
  async next(): Promise<void> {
    const button = this.page.getByRole('button', { name: this.texts.proof.next, exact: true })
    await expect(button).not.toHaveAttribute('aria-disabled', 'true')
    await button.click()
  }

  async fillCredentials(username = this.username): Promise<void> {
    const { core, proof } = this.texts
    await this.page.getByLabel(core.fields.username, { exact: true }).fill(username)
    await this.page.getByLabel(core.fields.password, { exact: true }).fill(PASSWORD)
    await this.page.getByLabel(proof.fields.password_confirmation, { exact: true }).fill(PASSWORD)
    await solveCaptcha(this.page, this.texts)
  }

  async credentials(username = this.username): Promise<void> {
    await this.heading(this.texts.registration.credentials.title)
    await this.fillCredentials(username)
    for (const box of await this.page.getByRole('checkbox').all()) await box.check()
    await this.next()
    await this.heading(this.texts.registration.identity.title)
  }

  async fillIdentity(person: Person): Promise<void> {
    const { gender } = this.texts.registration
    const { fields } = this.texts.proof
    const { page } = this
    await page.getByLabel(fields.name, { exact: true }).fill(person.name)
    await page.getByLabel(fields.document_type).selectOption(person.document_type)
    await page.getByLabel(fields.document_number, { exact: true }).fill(person.document_number)
    if (person.issuing_country !== null) {
      await page.getByLabel(fields.issuing_country).selectOption(person.issuing_country)
    }
    // An 18-digit number fills these in by itself.
    if (person.document_type === 'RESIDENT_ID') return
    await page.getByRole('radio', { name: gender[person.gender], exact: true }).check()
    const [year = '', month = '', day = ''] = person.birth_date.split('-')
    const { date } = this.texts.core
    await page.getByLabel(date.year, { exact: true }).fill(year)
    await page.getByLabel(date.month, { exact: true }).fill(month)
    await page.getByLabel(date.day, { exact: true }).fill(day)
  }

  async identity(person: Person): Promise<void> {
    await this.fillIdentity(person)
    await this.next()
    await this.heading(this.texts.registration.bank.title)
  }

  async fillBank(person: Person): Promise<void> {
    const { fields } = this.texts.proof
    await this.page.getByLabel(fields.bank, { exact: true }).selectOption(person.bank_code)
    await this.page
      .getByLabel(fields.card_number)
      .fill(person.card_number.replace(/(.{4})(?=.)/g, '$1 '))
    await this.page.getByLabel(fields.phone).fill(person.phone)
  }

  send(): Promise<void> {
    return this.page.getByRole('button', { name: this.texts.proof.send, exact: true }).click()
  }

  async bank(person: Person): Promise<void> {
    await this.fillBank(person)
    await this.send()
    await this.heading(this.texts.registration.code.title)
  }

  async code(person: Person): Promise<void> {
    const code = await codeFor(this.page.request, person.phone)
    await this.page.getByLabel(this.texts.proof.fields.code).fill(code)
    await this.next()
    await this.heading(this.texts.registration.steps.done)
  }

  /** From the login page to the end. */
  async all(person: Person): Promise<void> {
    await this.page.goto('/')
    await this.page.getByRole('link', { name: this.texts.core.links.register, exact: true }).click()
    await this.credentials()
    await this.identity(person)
    await this.bank(person)
    await this.code(person)
  }

  async signIn(password = PASSWORD, username = this.username): Promise<void> {
    const { core } = this.texts
    await this.page.getByLabel(core.fields.username, { exact: true }).fill(username)
    await this.page.getByLabel(core.fields.password, { exact: true }).fill(password)
    await solveCaptcha(this.page, this.texts)
    await this.page.getByRole('button', { name: core.login.submit, exact: true }).click()
  }
}

/** 「用户信息维护」, for somebody who is logged in. */
export class Maintenance extends Registration {
  /** The same steps on another page. */
  on(page: Page): Maintenance {
    return new Maintenance(page, this.texts, this.language)
  }

  async enter(code: string): Promise<void> {
    await this.page.getByLabel(this.texts.proof.fields.code).fill(code)
    await this.next()
  }

  async newPassword(password: string, confirmation = password): Promise<void> {
    await this.page.fill('#password', password)
    await this.page.fill('#password_confirmation', confirmation)
    await this.page.getByRole('button', { name: this.texts.account.password.submit }).click()
  }

  async passwordAgain(password: string): Promise<void> {
    await this.page.fill('#current_password', password)
    await this.page.getByRole('button', { name: this.texts.account.again.submit }).click()
  }

  confirmQuestions(): Promise<void> {
    return this.page.getByRole('button', { name: this.texts.questions.submit }).click()
  }

  /** Chooses questions by their places in the list, and confirms. */
  async choose(places: number[], answers: string[]): Promise<void> {
    for (const [at, place] of places.entries()) {
      await this.page.locator(`#question_${at + 1}`).selectOption({ index: place + 1 })
      await this.page.fill(`#answer_${at + 1}`, answers[at] ?? '')
    }
    await this.confirmQuestions()
  }
}

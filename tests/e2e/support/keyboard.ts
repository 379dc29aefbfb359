/** Somebody who has no mouse: everything is reached with Tab, from where one is. */
import type { Locator, Page } from '@playwright/test'
import { PASSWORD, captchaAnswer, type Registration } from './flow'
import { codeFor, type Person } from './people'

/** More than any page has on the way to its last button. */
const MOST = 40

export class Keyboard {
  private readonly page: Page

  constructor(private readonly flow: Registration) {
    this.page = flow.page
  }

  private async reach(target: Locator): Promise<void> {
    for (let presses = 0; presses < MOST; presses++) {
      await this.page.keyboard.press('Tab')
      if (await target.evaluate((element) => element === document.activeElement)) return
    }
    throw new Error(`Tab does not reach ${target.toString()}`)
  }

  private async type(label: string, text: string): Promise<void> {
    await this.reach(this.page.getByLabel(label, { exact: true }))
    await this.page.keyboard.type(text)
  }

  private async choose(label: string, value: string): Promise<void> {
    const select = this.page.getByLabel(label, { exact: true })
    await this.reach(select)
    for (let presses = 0; presses < MOST && (await select.inputValue()) !== value; presses++) {
      await this.page.keyboard.press('ArrowDown')
    }
  }

  private async press(name: string, key: 'Enter' | 'Space'): Promise<void> {
    await this.reach(this.page.getByRole('button', { name, exact: true }))
    await this.page.keyboard.press(key)
  }

  /** From the login page to the end of a registration, for somebody whose number tells nothing. */
  async register(person: Person): Promise<void> {
    const { core, proof, registration } = this.flow.texts
    const { page, flow } = this
    await this.reach(page.getByRole('link', { name: core.links.register, exact: true }))
    await page.keyboard.press('Enter')

    await flow.heading(registration.credentials.title)
    await this.type(core.fields.username, flow.username)
    await this.type(core.fields.password, PASSWORD)
    await this.type(proof.fields.password_confirmation, PASSWORD)
    await this.type(core.captcha.label, await captchaAnswer(page, flow.texts))
    for (const box of await page.getByRole('checkbox').all()) {
      await this.reach(box)
      await page.keyboard.press('Space')
    }
    await this.press(proof.next, 'Enter')

    await flow.heading(registration.identity.title)
    await this.type(proof.fields.name, person.name)
    await this.choose(proof.fields.document_type, person.document_type)
    await this.type(proof.fields.document_number, person.document_number)
    const gender = registration.gender[person.gender]
    await this.reach(page.getByRole('radio').first())
    // The arrows go round.
    do await page.keyboard.press('ArrowDown')
    while (!(await page.getByRole('radio', { name: gender, exact: true }).isChecked()))
    const [year = '', month = '', day = ''] = person.birth_date.split('-')
    await this.type(core.date.year, year)
    await this.type(core.date.month, month)
    await this.type(core.date.day, day)
    await this.press(proof.next, 'Space')

    await flow.heading(registration.bank.title)
    await this.choose(proof.fields.bank, person.bank_code)
    await this.type(proof.fields.card_number, person.card_number)
    await this.type(proof.fields.phone, person.phone)
    await this.press(proof.send, 'Enter')

    await flow.heading(registration.code.title)
    await this.type(proof.fields.code, await codeFor(page.request, person.phone))
    // As Enter does in any field.
    await page.keyboard.press('Enter')
    await flow.heading(registration.steps.done)
  }
}

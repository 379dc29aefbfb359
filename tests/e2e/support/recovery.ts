/** Finding a username or a password as a person walks through it. */
import { Registration, solveCaptcha } from './flow'
import type { Person } from './people'
import { codeOf, type Unit } from './rest'
import { expect } from './test'

export const NEW_PASSWORD = 'mango bridge rain 42'

export class Recovery extends Registration {
  /** From the login page to the first step. */
  async start(goal: 'username' | 'password'): Promise<void> {
    const { core, recovery } = this.texts
    const link = goal === 'username' ? core.links.forgot_username : core.links.forgot_password
    await this.page.goto('/')
    await this.page.getByRole('link', { name: link, exact: true }).click()
    await this.heading(recovery[goal].title)
  }

  async fillDocument(person: Person): Promise<void> {
    const { fields } = this.texts.proof
    await this.page.getByLabel(fields.document_type).selectOption(person.document_type)
    await this.page.getByLabel(fields.document_number, { exact: true }).fill(person.document_number)
    if (person.issuing_country === null) return
    await this.page.getByLabel(fields.issuing_country).selectOption(person.issuing_country)
  }

  /** 验证身份 of a username. */
  async person(person: Person): Promise<void> {
    await this.page.getByLabel(this.texts.proof.fields.name, { exact: true }).fill(person.name)
    await this.fillDocument(person)
    await solveCaptcha(this.page, this.texts)
    await this.next()
    await this.heading(this.texts.recovery.code.title_username)
  }

  async unit(unit: Unit): Promise<void> {
    const { fields, user_type } = this.texts.proof
    await this.page.getByRole('radio', { name: user_type.unit, exact: true }).check()
    await this.page.getByLabel(fields.unit_name, { exact: true }).fill(unit.name)
    await this.page.getByLabel(fields.credit_code, { exact: true }).fill(unit.credit_code)
    await solveCaptcha(this.page, this.texts)
    await this.next()
    await this.heading(this.texts.recovery.code.title_username)
  }

  /** 输入用户名. */
  async user(username: string): Promise<void> {
    await this.page.getByLabel(this.texts.core.fields.username, { exact: true }).fill(username)
    await solveCaptcha(this.page, this.texts)
    await this.next()
    await this.heading(this.texts.recovery.method.title)
  }

  async choose(method: 'document_and_sms' | 'security_questions'): Promise<void> {
    const name = this.texts.recovery.method[method]
    await this.page.getByRole('radio', { name, exact: true }).check()
    await this.next()
  }

  /** 验证身份 of a password. */
  async identity(person: Person): Promise<void> {
    await this.heading(this.texts.recovery.identity.title)
    await this.fillDocument(person)
    await this.page.getByLabel(this.texts.proof.fields.phone, { exact: true }).fill(person.phone)
    await this.send()
    await this.heading(this.texts.recovery.code.title_password)
  }

  async enter(code: string): Promise<void> {
    await this.page.getByLabel(this.texts.proof.fields.code, { exact: true }).fill(code)
    await this.next()
  }

  async reset(password = NEW_PASSWORD): Promise<void> {
    const { fields, reset, password: words } = this.texts.recovery
    await this.heading(reset.title)
    await this.page.getByLabel(fields.password, { exact: true }).fill(password)
    await this.page.getByLabel(fields.password_confirmation, { exact: true }).fill(password)
    await this.next()
    await this.heading(words.steps.done)
  }

  /** 手机号已停用？ to the form. */
  async phoneIsGone(): Promise<void> {
    const { page, texts } = this
    await page.getByRole('link', { name: texts.proof.code.phone_disabled, exact: true }).click()
    await this.heading(texts.recovery.phone.title)
  }

  async fillPhone(person: Person): Promise<void> {
    await this.page.getByLabel(this.texts.proof.fields.name, { exact: true }).fill(person.name)
    await this.fillDocument(person)
    await this.fillBank(person)
  }

  /** The form, and the code to the new phone. */
  async replacePhone(person: Person): Promise<void> {
    await this.fillPhone(person)
    await this.send()
    await this.heading(this.texts.recovery.phone.code_title)
    await this.enter(await codeOf(this.page.request, person.phone, 'phone_replacement'))
    await expect(this.page.getByText(this.texts.recovery.phone.replaced)).toBeVisible()
  }

  /** Waits until another message may be sent. */
  resendable(): Promise<void> {
    const name = this.texts.proof.code.resend
    return expect(this.page.getByRole('button', { name, exact: true })).toBeEnabled()
  }
}

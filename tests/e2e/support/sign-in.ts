/** Signing in to a business system, as a person walks through it. */
import { texts as words } from '../../../examples/candidate-service/src/texts.js'
import { Registration, PASSWORD } from './flow'
import { candidateService, type System } from './systems'
import { expect, fill, test as base, type Page, type Texts, type Language } from './test'

interface Fixtures {
  flow: SignIn
  /** The words of the candidate service. */
  candidate: (typeof words)[Language]
}
interface WorkerFixtures {
  system: System
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  system: [
    async ({}, use) => {
      const system = await candidateService()
      await use(system)
      await system.stop()
    },
    { scope: 'worker' },
  ],
  candidate: async ({ language }, use) => use(words[language]),
  flow: async ({ page, texts, language }, use) => use(new SignIn(page, texts, language)),
})

export class SignIn extends Registration {
  constructor(page: Page, texts: Texts, language: Language) {
    super(page, texts, language)
  }

  /** What people call the candidate service. */
  get system(): string {
    return words[this.language].title
  }

  /** 登录 at Shiming, on the way to a system. */
  async logIn(username: string, password = PASSWORD): Promise<void> {
    await this.heading(this.texts.core.login.title)
    await this.signIn(password, username)
  }

  consentAsked(system = this.system): Promise<void> {
    return this.heading(fill(this.texts.authorize.consent.title, { system }))
  }

  async allow(system = this.system): Promise<void> {
    await this.consentAsked(system)
    const name = this.texts.authorize.consent.allow
    await this.page.getByRole('button', { name, exact: true }).click()
  }

  async deny(system = this.system): Promise<void> {
    await this.consentAsked(system)
    const name = this.texts.authorize.consent.deny
    await this.page.getByRole('button', { name, exact: true }).click()
  }

  /** From the candidate service's login page until it knows who this is. */
  async toCandidateService(url: string, username: string): Promise<void> {
    const t = words[this.language]
    await this.page.goto(url)
    await this.page.getByRole('link', { name: t.login.login, exact: true }).click()
    await this.logIn(username)
    await this.allow()
    await this.heading(t.me.title)
  }
}

export { expect, fill, type Page }

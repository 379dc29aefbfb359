import { existsSync } from 'node:fs'
import { defineConfig, devices } from '@playwright/test'
import type { Options } from './support/test'

const port = Number(process.env['E2E_PORT'] ?? 18080)
export const origin = `http://localhost:${port}`

const chromium = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find(existsSync)
const desktop = { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 900 } }
// A cheap phone: small, touch, no retina assets.
const phone = {
  ...devices['Desktop Chrome'],
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
}
const shared = {
  baseURL: origin,
  // Recording every test takes as long as a third of the tests: only what failed is
  // recorded, when it is tried again. By hand: --trace=retain-on-failure.
  trace: 'on-first-retry' as const,
  screenshot: 'only-on-failure' as const,
  launchOptions: {
    ...(chromium === undefined ? {} : { executablePath: chromium }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  },
}

// What does not depend on size and language at once is shown in two of the four: in
// both sizes and in both languages. In all four: every page, the registration of
// every kind of person, the login, finding a username and a password, signing in to
// a system.
const details = [
  'form.test.ts',
  'recovery-ways.test.ts',
  'recovery-details.test.ts',
  'account.test.ts',
  'account-details.test.ts',
  'letters.test.ts',
  'units.test.ts',
  'oidc-details.test.ts',
  'oidc-browser.test.ts',
  'oidc-silent.test.ts',
  'oidc-plain.test.ts',
  'oidc-person.test.ts',
  'oidc-ways.test.ts',
  'oidc-library.test.ts',
  'integrators.test.ts',
]

const speaking = (language: string) => ({
  locale: language === 'en' ? 'en-GB' : 'zh-CN',
  language: language as Options['language'],
})

export default defineConfig<Options>({
  testDir: '.',
  outputDir: '../../target/e2e',
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env['CI'] !== undefined,
  // A loaded machine must not turn a green change red; what needs it is reported as flaky.
  retries: process.env['CI'] === undefined ? 0 : 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  globalSetup: './support/server.ts',
  projects: [
    { name: 'desktop-zh', use: { ...desktop, ...shared, ...speaking('zh-CN') } },
    { name: 'phone-zh', use: { ...phone, ...shared, ...speaking('zh-CN') }, testIgnore: details },
    { name: 'desktop-en', use: { ...desktop, ...shared, ...speaking('en') }, testIgnore: details },
    { name: 'phone-en', use: { ...phone, ...shared, ...speaking('en') } },
  ].flatMap((project, index, all) => [
    { ...project, testIgnore: ['faults.test.ts', ...(project.testIgnore ?? [])] },
    // The bank fails for everybody: these run alone, after the others.
    ...(project.testIgnore
      ? []
      : [
          {
            ...project,
            name: `${project.name}-faults`,
            testMatch: 'faults.test.ts',
            fullyParallel: false,
            dependencies: index === 0 ? all.map(({ name }) => name) : ['desktop-zh-faults'],
          },
        ]),
  ]),
})

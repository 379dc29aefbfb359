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

const faults = 'faults.test.ts'

// What is seen in all four ways: every page, the registration of every kind of person,
// the login, finding a username and a password, signing in to a system. Everything else
// is mostly about what happens: one of the four shows it. Where pages are looked at it
// is the narrowest, with the longest texts.
const onPhone = [
  'account.test.ts',
  'letters.test.ts',
  'oidc-details.test.ts',
  'oidc-library.test.ts',
  'oidc-person.test.ts',
  'oidc-plain.test.ts',
  'recovery-ways.test.ts',
  'units.test.ts',
]
const onDesktop = [
  'account-details.test.ts',
  'form.test.ts',
  'integrators.test.ts',
  'oidc-browser.test.ts',
  'oidc-silent.test.ts',
  'oidc-ways.test.ts',
  'recovery-details.test.ts',
]

/** One of the four ways. */
const seen = (size: typeof desktop | typeof phone, language: Options['language']) => ({
  ...size,
  ...shared,
  locale: language === 'en' ? 'en-GB' : 'zh-CN',
  language,
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
    {
      name: 'desktop-zh',
      use: seen(desktop, 'zh-CN'),
      testIgnore: [faults, ...onPhone],
    },
    {
      name: 'phone-zh',
      use: seen(phone, 'zh-CN'),
      testIgnore: [faults, ...onDesktop, ...onPhone],
    },
    {
      name: 'desktop-en',
      use: seen(desktop, 'en'),
      testIgnore: [faults, ...onDesktop, ...onPhone],
    },
    {
      name: 'phone-en',
      use: seen(phone, 'en'),
      testIgnore: [faults, ...onDesktop],
    },
    // The bank fails for everybody: these run alone, after the others.
    {
      name: 'phone-zh-faults',
      use: seen(phone, 'zh-CN'),
      testMatch: faults,
      fullyParallel: false,
      dependencies: ['desktop-zh', 'phone-zh', 'desktop-en', 'phone-en'],
    },
  ],
})

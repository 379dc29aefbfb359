// What each public page fetches before it can be used: JS and CSS, gzip, as
// the server sends it. Exits with 1 when a page is over its budget.
// "--json" prints the figures for other programs.
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist')
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

const KB = 1000
const page = (name, view, messages = []) => ({ name, view, messages: ['core', ...messages] })
const account = ['proof', 'account']
const records = [...account, 'records']
const pages = [
  page('login', 'src/features/login/LoginPage.vue'),
  page('register', 'src/features/registration/CredentialsPage.vue', ['proof', 'registration']),
  page('register/unit', 'src/features/registration/UnitPage.vue', ['proof', 'registration']),
  page('register/identity', 'src/features/registration/IdentityPage.vue', [
    'proof',
    'registration',
  ]),
  page('register/bank', 'src/features/registration/BankPage.vue', ['proof', 'registration']),
  page('register/code', 'src/features/registration/CodePage.vue', ['proof', 'registration']),
  page('recovery/username', 'src/features/recovery/UsernamePage.vue', ['proof', 'recovery']),
  page('recovery/username/code', 'src/features/recovery/CodePage.vue', ['proof', 'recovery']),
  page('recovery/password', 'src/features/recovery/PasswordPage.vue', ['proof', 'recovery']),
  page('recovery/password/method', 'src/features/recovery/MethodPage.vue', ['proof', 'recovery']),
  page('recovery/password/identity', 'src/features/recovery/IdentityPage.vue', [
    'proof',
    'recovery',
  ]),
  page('recovery/password/questions', 'src/features/recovery/QuestionsPage.vue', [
    'proof',
    'recovery',
  ]),
  page('recovery/password/reset', 'src/features/recovery/ResetPage.vue', ['proof', 'recovery']),
  page('recovery/phone', 'src/features/recovery/PhonePage.vue', ['proof', 'recovery']),
  page('recovery/phone/code', 'src/features/recovery/PhoneCodePage.vue', ['proof', 'recovery']),
  page('help', 'src/features/help/HelpPage.vue'),
  page('help/write', 'src/features/help/WritePage.vue', ['help']),
  page('help/written', 'src/features/help/WrittenPage.vue', ['help']),
  page('account', 'src/features/account/InformationPage.vue', account),
  page('account/change', 'src/features/account/ChangePage.vue', account),
  page('account/code', 'src/features/account/ChangeCodePage.vue', account),
  page('account/password', 'src/features/account/PasswordPage.vue', account),
  page('account/questions', 'src/features/account/QuestionsPage.vue', account),
  page('account/history', 'src/features/account/HistoryPage.vue', records),
  page('account/export', 'src/features/account/ExportPage.vue', records),
  page('account/closure', 'src/features/account/ClosurePage.vue', account),
  page('legal', 'src/features/legal/LegalPage.vue'),
]
const budget = (name) => (name === 'login' ? 60 : 80) * KB

/** A file of the manifest and everything that it imports before it runs. */
function closure(key, found = new Set()) {
  const chunk = manifest[key]
  if (!chunk) throw new Error(`${key} is not in the manifest`)
  if (found.has(chunk.file)) return found
  found.add(chunk.file)
  for (const css of chunk.css ?? []) found.add(css)
  for (const next of chunk.imports ?? []) closure(next, found)
  return found
}

const fetched = (file) => {
  try {
    return statSync(join(dist, `${file}.gz`)).size
  } catch {
    return statSync(join(dist, file)).size
  }
}

const sizes = pages.map(({ name, view, messages }) => {
  const languages = ['zh-CN', 'en'].map((language) => {
    const found = closure('index.html')
    closure(view, found)
    for (const one of messages) closure(`src/i18n/locales/${language}/${one}.json`, found)
    return [...found].reduce((sum, file) => sum + fetched(file), 0)
  })
  return { page: name, bytes: Math.max(...languages), budget: budget(name) }
})

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(sizes))
} else {
  for (const { page, bytes, budget } of sizes) {
    console.log(`${page.padEnd(28)} ${(bytes / KB).toFixed(1)} of ${budget / KB} KB`)
  }
}
if (sizes.some(({ bytes, budget }) => bytes > budget)) {
  console.error('A page is over its budget.')
  process.exitCode = 1
}

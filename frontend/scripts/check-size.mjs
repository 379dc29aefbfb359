// What each public page fetches before it can be used: JS and CSS, gzip, as
// the server sends it. Exits with 1 when a page is over its budget.
// "--json" prints the figures for other programs.
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist')
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

const KB = 1000
const page = (name, view, messages = [], group = []) => ({
  name,
  views: [...group, `src/features/${view}.vue`],
  messages: ['core', ...messages],
})
/** Pages that are fetched through what they have in common. */
const grouped = (feature, group, messages) => (name, view, more) =>
  page(name, `${feature}/${view}`, more ?? messages, [`src/app/pages/${group}.ts`])
const registration = grouped('registration', 'registration', ['proof', 'registration'])
const recovery = grouped('recovery', 'recovery', ['proof', 'recovery'])
const account = grouped('account', 'account', ['account'])
const authorize = grouped('authorize', 'authorize', ['items', 'authorize'])
const proving = ['proof', 'account']
const pages = [
  page('login', 'login/LoginPage'),
  registration('register', 'CredentialsPage'),
  registration('register/unit', 'UnitPage'),
  registration('register/identity', 'IdentityPage'),
  registration('register/bank', 'BankPage'),
  registration('register/code', 'CodePage'),
  registration('register/done', 'DonePage'),
  recovery('recovery/username', 'UsernamePage'),
  recovery('recovery/username/code', 'CodePage'),
  recovery('recovery/password', 'PasswordPage'),
  recovery('recovery/password/method', 'MethodPage'),
  recovery('recovery/password/identity', 'IdentityPage'),
  recovery('recovery/password/questions', 'QuestionsPage'),
  recovery('recovery/password/reset', 'ResetPage'),
  recovery('recovery/phone', 'PhonePage'),
  recovery('recovery/phone/code', 'PhoneCodePage'),
  page('help', 'help/HelpPage'),
  page('help/write', 'help/WritePage', ['help']),
  page('help/written', 'help/WrittenPage', ['help']),
  account('account', 'InformationPage', proving),
  account('account/change', 'change/ChangePage', proving),
  account('account/code', 'change/ChangeCodePage', proving),
  account('account/password', 'PasswordPage', proving),
  account('account/questions', 'questions/QuestionsPage', ['account', 'questions']),
  account('account/history', 'history/HistoryPage', ['account', 'records']),
  account('account/export', 'export/ExportPage', ['account', 'help', 'records']),
  account('account/systems', 'systems/SystemsPage', ['account', 'items', 'systems']),
  account('account/checks', 'systems/ChecksPage', ['account', 'systems']),
  account('account/closure', 'closure/ClosurePage'),
  authorize('authorize', 'AuthorizePage'),
  authorize('authorize/error', 'ErrorPage'),
  page('legal', 'legal/LegalPage'),
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

const sizes = pages.map(({ name, views, messages }) => {
  const languages = ['zh-CN', 'en'].map((language) => {
    const found = closure('index.html')
    for (const view of views) closure(view, found)
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

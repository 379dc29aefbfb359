/** The pages. `html` escapes every value. */
import { html } from 'hono/html'
import { exams } from './exams.js'
import { maskDocument, maskPhone } from './person.js'
import { day, formatted, texts } from './texts.js'

/** @typedef {import('./texts.js').Language} Language */
/** @typedef {keyof import('./texts.js').Texts['problem']} Problem */

/**
 * @param {Language} language
 * @param {string} title
 * @param {unknown} content
 */
function page(language, title, content) {
  const t = texts[language]
  const other = language === 'en' ? 'zh-CN' : 'en'
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title === t.title ? title : `${title} – ${t.title}`}</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <a class="skip" href="#main">${t.skip}</a>
        <header>
          <div class="bar">
            <a class="brand" href="/">${t.title}</a>
            <a href="/?lang=${other}" lang="${other}">${t.other_language}</a>
          </div>
        </header>
        <main id="main" tabindex="-1">
          <h1>${title}</h1>
          ${content}
        </main>
        <footer><p>${t.example}</p></footer>
      </body>
    </html>`
}

/**
 * The guide's login page.
 *
 * @param {Language} language
 * @param {URL} issuer
 */
export function loginPage(language, issuer) {
  const { title, login: t } = texts[language]
  return page(
    language,
    title,
    html`<p>${t.lead}</p>
      <p class="actions">
        <a class="button" href="/login">${t.login}</a>
        <a class="button second" href="/register">${t.register}</a>
      </p>
      <nav aria-label="${t.more}">
        <ul class="links">
          <li><a href="/recovery/username">${t.username}</a></li>
          <li><a href="/recovery/password">${t.password}</a></li>
          <li><a href="/account">${t.maintain}</a></li>
          <li><a href="${new URL('/help', issuer).href}">${t.help}</a></li>
        </ul>
      </nav>
      <p class="soft">${t.where}</p>`,
  )
}

/**
 * @param {string} term
 * @param {unknown} value
 */
const row = (term, value) =>
  html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`

/**
 * @param {Language} language
 * @param {import('./person.js').Claims} person
 */
function identity(language, person) {
  const { documents, me: t } = texts[language]
  const kind = /** @type {keyof typeof documents} */ (person.document_type)
  return html`${row(t.name, person.name)} ${row(t.document_type, documents[kind] ?? kind)}
  ${row(t.document_number, maskDocument(person))}`
}

/**
 * @param {Language} language
 * @param {import('./person.js').Claims} person
 * @param {{ applied: Set<string>, done: string | undefined }} shown
 */
export function personPage(language, person, { applied, done }) {
  const { me: t, exams: e } = texts[language]
  const verification = person.verified_claims?.verification
  const framework = /** @type {keyof typeof t.methods} */ (verification?.trust_framework)
  const at = verification?.time ?? person.verified_at
  const said = { applied: e.done, refreshed: t.refreshed }[done ?? ''] ?? t.greeting
  return page(
    language,
    t.title,
    html`<p role="status" class="notice">${said}</p>
      <section aria-labelledby="identity">
        <h2 id="identity">${t.verified}</h2>
        <dl>
          ${identity(language, person)} ${row(t.how, t.methods[framework] ?? t.other_method)}
          ${at === undefined ? '' : row(t.when, formatted(language, new Date(at)))}
          ${row(t.username, person.preferred_username)}
          ${person.phone_number ? row(t.phone, maskPhone(person.phone_number)) : ''}
        </dl>
        <form method="post" action="/refresh">
          <button class="second">${t.refresh}</button>
        </form>
      </section>
      <section aria-labelledby="exams">
        <h2 id="exams">${e.title}</h2>
        <ul class="cards">
          ${exams.map((exam) => examCard(language, exam, applied.has(exam.id)))}
        </ul>
      </section>
      <form method="post" action="/logout">
        <button class="second">${t.sign_out}</button>
      </form>`,
  )
}

/**
 * @param {Language} language
 * @param {import('./exams.js').Exam} exam
 * @param {boolean} applied
 */
function examCard(language, exam, applied) {
  const t = texts[language].exams
  const name = exam.name[language]
  return html`<li>
    <h3 id="${exam.id}">${name}</h3>
    <p>
      ${t.date}${language === 'en' ? ': ' : '：'}<time datetime="${exam.date}"
        >${day(language, exam.date)}</time
      >
    </p>
    ${
      applied
        ? html`<p>
            <strong>${t.applied}</strong>
            <a href="/exams/${exam.id}/ticket" aria-describedby="${exam.id}">${t.ticket}</a>
          </p>`
        : html`<form method="post" action="/exams/${exam.id}/applications">
            <button aria-describedby="${exam.id}">${t.apply}</button>
          </form>`
    }
  </li>`
}

/**
 * @param {Language} language
 * @param {import('./person.js').Claims} person
 * @param {{ exam: import('./exams.js').Exam, authenticatedAt: number }} shown
 */
export function ticketPage(language, person, { exam, authenticatedAt }) {
  const { ticket: t, exams: e } = texts[language]
  return page(
    language,
    t.title,
    html`<p class="soft">${t.fresh}</p>
      <h2>${exam.name[language]}</h2>
      <dl>
        ${identity(language, person)} ${row(e.date, day(language, exam.date))}
        ${row(t.authenticated, formatted(language, new Date(authenticatedAt * 1000)))}
      </dl>
      <p><a href="/me">${t.back}</a></p>`,
  )
}

/** @param {Language} language */
export function signedOutPage(language) {
  const t = texts[language].signed_out
  return page(
    language,
    t.title,
    html`<p>${t.text}</p>
      <p><a class="button" href="/">${t.again}</a></p>`,
  )
}

/**
 * @param {Language} language
 * @param {Problem} problem
 */
export function problemPage(language, problem) {
  const t = texts[language].problem
  return page(
    language,
    t.title,
    html`<p class="notice wrong">${t[problem]}</p>
      <p><a class="button" href="/">${t.back}</a></p>`,
  )
}

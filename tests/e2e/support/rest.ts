/** People who are registered already: over REST, because a browser would take far longer. */
import type { APIRequestContext } from '@playwright/test'
import { expect } from '@playwright/test'
import { PASSWORD } from './flow'
import { codeFor, creditCode, unique, type Person } from './people'

export interface Unit {
  name: string
  credit_code: string
  legal_representative: string
}

/** A unit that no other test has. */
export const unit = (): Unit => ({
  name: `深圳市测试科技（集团）有限公司第${unique(6)}分公司`,
  credit_code: creditCode(),
  legal_representative: '张三',
})

interface Sent {
  data?: unknown
  headers?: Record<string, string>
}

export async function ok<T>(
  request: APIRequestContext,
  [method, path]: ['GET' | 'POST' | 'PUT', string],
  sent: Sent = {},
): Promise<T> {
  const answer = await request.fetch(`/api/v1${path}`, { method, ...sent })
  expect(answer.ok(), `${method} ${path}: ${await answer.text()}`).toBe(true)
  return (await answer.json()) as T
}

/** A captcha and its answer. */
export async function captcha(request: APIRequestContext): Promise<{ id: string; answer: string }> {
  const { id } = await ok<{ id: string }>(request, ['POST', '/captchas'])
  const solution = await request.get(`/sandbox/v1/captchas/${id}`)
  return { id, ...((await solution.json()) as { answer: string }) }
}

/** Registers somebody, or a unit by somebody; its username. */
export async function registered(
  request: APIRequestContext,
  person: Person,
  ofUnit?: Unit,
): Promise<string> {
  const username = `user${unique(9)}`
  const service = await request.get('/api/v1/service-info')
  const { agreements } = (await service.json()) as {
    agreements: { kind: string; version: string }[]
  }
  const begun = await ok<{ id: string; flow_token: string }>(request, ['POST', '/registrations'], {
    headers: { 'Flow-Client': 'app' },
    data: {
      username,
      password: PASSWORD,
      password_confirmation: PASSWORD,
      captcha: await captcha(request),
      user_type: ofUnit === undefined ? 'person' : 'unit',
      consents: Object.fromEntries(agreements.map(({ kind, version }) => [kind, version])),
    },
  })
  const headers = { 'Flow-Token': begun.flow_token }
  const path = `/registrations/${begun.id}`
  if (ofUnit !== undefined) await ok(request, ['PUT', `${path}/unit`], { headers, data: ofUnit })
  const { name, document_type, document_number, issuing_country, gender, birth_date } = person
  const identity = { name, document_type, document_number, issuing_country, gender, birth_date }
  await ok(request, ['PUT', `${path}/identity`], { headers, data: identity })
  const { bank_code, card_number, phone } = person
  const bank = { bank_code, card_number, phone }
  await ok(request, ['POST', `${path}/bank-verification`], { headers, data: bank })
  const code = await codeFor(request, phone)
  await ok(request, ['POST', `${path}/confirmation`], { headers, data: { code } })
  return username
}

export const ANSWERS = ['布老虎', '外婆的红烧肉', '罗湖口岸'] as const

/** Sets three security questions; their texts, in the order of the answers. */
export async function questionsOf(
  request: APIRequestContext,
  username: string,
): Promise<{ text: string; text_en: string }[]> {
  const { access_token } = await ok<{ access_token: string }>(request, ['POST', '/tokens'], {
    data: { username, password: PASSWORD, captcha: await captcha(request) },
  })
  const bank = (await (await request.get('/api/v1/security-questions')).json()) as {
    groups: { questions: { id: string; text: string; text_en: string }[] }[]
  }
  const questions = bank.groups.slice(0, ANSWERS.length).flatMap((one) => one.questions.slice(0, 1))
  await ok(request, ['PUT', '/account/security-questions'], {
    headers: { Authorization: `Bearer ${access_token}` },
    data: { answers: questions.map(({ id }, at) => ({ question: id, answer: ANSWERS[at] })) },
  })
  return questions
}

interface Message {
  purpose: string
  text: string
  code: string | null
}

/** Everything a phone has got, newest first. */
export async function inbox(request: APIRequestContext, phone: string): Promise<Message[]> {
  const answer = await request.get(`/sandbox/v1/sms?phone=${phone}`)
  return ((await answer.json()) as { items: Message[] }).items
}

/** The code that a phone got for this purpose, and how many it got. */
export async function codeOf(
  request: APIRequestContext,
  phone: string,
  purpose: string,
  which = 1,
): Promise<string> {
  let codes: string[] = []
  await expect
    .poll(async () => {
      const messages = await inbox(request, phone)
      codes = messages.filter((one) => one.purpose === purpose).map(({ code }) => code ?? '')
      return codes.length
    }, `${purpose} to ${phone}`)
    .toBe(which)
  return codes[0] ?? ''
}

/** A phone is told something. */
export async function told(request: APIRequestContext, phone: string, text: string): Promise<void> {
  await expect
    .poll(async () => (await inbox(request, phone)).filter((one) => one.text.includes(text)).length)
    .toBe(1)
}

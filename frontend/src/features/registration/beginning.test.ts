import { expect, it, vi } from 'vitest'
import { registration } from '@/test/registration'
import { useBeginning } from './beginning'

const body = {
  username: 'person',
  password: 'lychee park morning 7',
  password_confirmation: 'lychee park morning 7',
  captcha: { id: '018f0000-0000-7000-8000-000000000000', answer: '12345' },
  user_type: 'person' as const,
  consents: { user_agreement: '1', privacy_notice: '1', bank_check: '1' },
  return_to: 'https://elsewhere.example/',
}

/** Answers one after the other, and tells what was sent. */
function serve(...answers: [status: number, body: unknown][]) {
  const sent: unknown[] = []
  vi.spyOn(window, 'fetch').mockImplementation(async (input) => {
    sent.push(await (input as Request).json())
    const [status, answer] = answers.shift() ?? [500, {}]
    return new Response(JSON.stringify(answer), { status })
  })
  return sent
}
const refusal = (...pointers: string[]) => ({
  code: 'validation_failed',
  errors: pointers.map((pointer) => ({ pointer, code: 'return_to_not_allowed' })),
})

it('leaves out a way back that is not allowed', async () => {
  const begun = registration({ stage: 'identity' })
  const sent = serve([422, refusal('/return_to')], [201, begun])
  expect(await useBeginning()(body)).toEqual(begun)
  expect(sent).toEqual([body, { ...body, return_to: null }])
})

it('says what else is wrong', async () => {
  const sent = serve([422, refusal('/username')])
  await expect(useBeginning()(body)).rejects.toThrow('validation_failed')
  expect(sent).toHaveLength(1)
  serve([422, refusal('/return_to', '/username')], [422, refusal('/username')])
  await expect(useBeginning()(body)).rejects.toMatchObject({
    problem: { errors: [{ pointer: '/username' }] },
  })
})

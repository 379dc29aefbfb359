import { beforeEach, expect, it, vi } from 'vitest'
import { offline, ProblemError, problemOf, type Problem } from '@/api/problem'
import { stored } from '@/i18n/stored'
import { withoutStorage } from '@/test/storage'
import { makeFlow } from './makeFlow'
import { makeRememberedFlow } from './makeRememberedFlow'

interface View {
  stage: 'open' | 'done'
  left: number
}
const view = (left: number, stage: View['stage'] = 'open'): View => ({ stage, left })
const refused = (code: string, status = 422): ProblemError =>
  new ProblemError(problemOf({ code, status }, status))
const gone = refused('flow_not_found', 404)

/** What the server has; an error is thrown. */
let server: View | Error = view(3)
const ask = vi.fn(async () => {
  if (server instanceof Error) throw server
  return server
})
const plan = {
  ask,
  changes: ({ code }: Problem) => code === 'code_wrong',
  blank: () => ({ name: '', otherAgent: false }),
}
beforeEach(() => {
  server = view(3)
  ask.mockClear()
})

function flow() {
  const note = vi.fn()
  return { note, ...makeFlow({ ...plan, note }) }
}
const remembered = () =>
  makeRememberedFlow({ ...plan, name: 'flow', isDone: ({ stage }) => stage === 'done' })

it('has the newest view, and notes that there is one', async () => {
  const { note, view: known, load, drop } = flow()
  expect(await load()).toEqual(view(3))
  expect(known.value).toEqual(view(3))
  expect(note).toHaveBeenLastCalledWith(view(3))
  drop()
  expect(known.value).toBeNull()
  expect(note).toHaveBeenLastCalledWith(null)
})

it('drops what the server has no more, and nothing for any other reason', async () => {
  const { view: known, keep, load, isGone } = flow()
  keep(view(2))
  server = new ProblemError(offline())
  await expect(load()).rejects.toBe(server)
  expect(await isGone()).toBe(false)
  expect(known.value).toEqual(view(2))
  server = gone
  expect(await load()).toBeNull()
  expect(known.value).toBeNull()
  expect(await isGone()).toBe(true)
})

it('keeps what was typed when the view goes, until it is wiped', () => {
  const { typed, keep, drop, wipe } = flow()
  keep(view(3))
  typed.name = '王小明'
  typed.otherAgent = true
  drop()
  expect(typed.name).toBe('王小明')
  wipe()
  expect(typed).toEqual({ name: '', otherAgent: false })
})

it('takes a step', async () => {
  const { view: known, advance } = flow()
  expect(await advance(async () => view(5))).toEqual(view(5))
  expect(known.value).toEqual(view(5))
  expect(ask).not.toHaveBeenCalled()
})

it('asks again after a refusal that has changed the view, and after no other', async () => {
  const { view: known, keep, advance } = flow()
  keep(view(5))
  server = view(4)
  const other = refused('document_in_use', 409)
  await expect(advance(() => Promise.reject(other))).rejects.toBe(other)
  expect(known.value).toEqual(view(5))
  const wrong = refused('code_wrong')
  await expect(advance(() => Promise.reject(wrong))).rejects.toBe(wrong)
  expect(known.value).toEqual(view(4))
})

it('attempts what has another answer', async () => {
  const { view: known, keep, attempt } = flow()
  keep(view(5))
  expect(await attempt(async () => 'account')).toBe('account')
  expect(known.value).toEqual(view(5))
  server = view(4)
  await expect(attempt(() => Promise.reject(refused('code_wrong')))).rejects.toThrow('code_wrong')
  expect(known.value).toEqual(view(4))
})

it('tells the refusal even where the view cannot be had', async () => {
  const { view: known, keep, advance } = flow()
  keep(view(5))
  server = new ProblemError(offline())
  const wrong = refused('code_wrong')
  await expect(advance(() => Promise.reject(wrong))).rejects.toBe(wrong)
  expect(known.value).toEqual(view(5))
})

it('is found again after a reload', async () => {
  remembered().keep(view(3))
  const { view: known, find } = remembered()
  expect(await find()).toBe('known')
  expect(known.value).toEqual(view(3))
  expect(await find()).toBe('known')
  expect(ask).toHaveBeenCalledOnce()
})

it('is not asked for where nothing is remembered', async () => {
  expect(await remembered().find()).toBe('none')
  expect(ask).not.toHaveBeenCalled()
})

it('tells an end from what was done, and forgets both', async () => {
  server = gone
  remembered().keep(view(3))
  expect(await remembered().find()).toBe('expired')
  expect(stored.get('flow')).toBeNull()
  remembered().keep(view(0, 'done'))
  expect(await remembered().find()).toBe('done')
  expect(await remembered().find()).toBe('none')
})

it('takes a lost connection for no end', async () => {
  remembered().keep(view(3))
  server = new ProblemError(offline())
  expect(await remembered().find()).toBe('lost')
  expect(stored.get('flow')).toBe('open')
})

it('asks where the browser remembers nothing, and takes none for no end', async () => {
  withoutStorage()
  server = gone
  expect(await remembered().find()).toBe('none')
  expect(ask).toHaveBeenCalledOnce()
})

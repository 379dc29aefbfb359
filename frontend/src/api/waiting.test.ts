import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { awaited, slow } from './waiting'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
})

const lasting = (milliseconds: number) =>
  awaited(new Promise((done) => window.setTimeout(done, milliseconds)))
const after = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

it('says nothing of what is quick', async () => {
  void lasting(900)
  await after(5000)
  expect(slow.value).toBe(false)
})

it('says that it takes long, and does not flicker', async () => {
  void lasting(1010)
  await after(999)
  expect(slow.value).toBe(false)
  await after(20)
  expect(slow.value).toBe(true)
  // It is there already, and may be read.
  await after(500)
  expect(slow.value).toBe(true)
  void lasting(400)
  await after(600)
  expect(slow.value).toBe(true)
  await after(1000)
  expect(slow.value).toBe(false)
})

it('ends with the last of several, whether they succeed or not', async () => {
  void lasting(3000)
  void awaited(Promise.reject(new Error('lost'))).catch(() => undefined)
  await after(2900)
  expect(slow.value).toBe(true)
  await after(2000)
  expect(slow.value).toBe(false)
})

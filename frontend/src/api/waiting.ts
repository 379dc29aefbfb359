import { ref } from 'vue'

/** What a page waits for is said in words when it takes long, and then for long enough to be read. */
const LONG = 1000
const READABLE = 700

/** Whether the page has been waiting for long. */
export const slow = ref(false)

let running = 0
let timer = 0

/** Waits for `work`, with the page. */
export async function awaited<T>(work: Promise<T>): Promise<T> {
  running += 1
  if (running === 1) {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => (slow.value = true), LONG)
  }
  try {
    return await work
  } finally {
    running -= 1
    if (running === 0) {
      window.clearTimeout(timer)
      if (slow.value) timer = window.setTimeout(() => (slow.value = false), READABLE)
    }
  }
}

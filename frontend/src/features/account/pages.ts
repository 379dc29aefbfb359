import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { problemFrom, type Problem } from '@/api/problem'
import { awaited } from '@/api/waiting'

export interface Once {
  problem: ShallowRef<Problem | null>
  busy: Ref<boolean>
  once: (work: () => Promise<void>) => Promise<void>
}

/** One request at a time; a second press is ignored. */
export function useOnce(): Once {
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)

  async function once(work: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    try {
      await awaited(work())
    } catch (thrown) {
      problem.value = problemFrom(thrown)
    } finally {
      busy.value = false
    }
  }
  return { problem, busy, once }
}

const PAGE = 20

export interface Pages<T> {
  items: ShallowRef<T[]>
  /** Where what comes before the last of them begins; `null` when that is all. */
  next: Ref<string | null>
  /** Fetches the newest, or what comes before; tells how many there are more. */
  add: (cursor: string | null) => Promise<number>
}

/** A long list, the newest first, fetched as far as somebody wants to read. */
export function usePages<T>(
  ask: (query: {
    limit: number
    cursor?: string
  }) => Promise<{ items: T[]; next_cursor: string | null }>,
): Pages<T> {
  const items = shallowRef<T[]>([])
  const next = ref<string | null>(null)

  async function add(cursor: string | null): Promise<number> {
    const page = await ask({ limit: PAGE, ...(cursor !== null && { cursor }) })
    items.value = cursor === null ? page.items : [...items.value, ...page.items]
    next.value = page.next_cursor
    return page.items.length
  }
  return { items, next, add }
}

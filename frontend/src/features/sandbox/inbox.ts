import { onMounted, onScopeDispose, ref, shallowRef } from 'vue'

const SECONDS = 2
const SHOWN = 20

/** What arrives in an inbox, asked for again and again while the page is open. */
export function useInbox<T extends { id: string }>(ask: () => Promise<{ items: T[] }>) {
  const items = shallowRef<T[]>([])
  const lost = ref(false)
  let timer = 0
  let gone = false

  async function look(): Promise<void> {
    try {
      const { items: newest } = await ask()
      if (newest[0]?.id !== items.value[0]?.id) items.value = newest.slice(0, SHOWN)
      lost.value = false
    } catch {
      lost.value = true
    }
    if (!gone) timer = window.setTimeout(look, SECONDS * 1000)
  }
  onMounted(look)
  onScopeDispose(() => {
    gone = true
    window.clearTimeout(timer)
  })
  return { items, lost }
}

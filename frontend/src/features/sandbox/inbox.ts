import { computed, onMounted, onScopeDispose, ref, shallowRef } from 'vue'

const SECONDS = 2
const KEPT = 20
/** So that what is below stays within reach. */
const SHOWN = 5

/** What arrives in an inbox, asked for again and again while the page is open. */
export function useInbox<T extends { id: string }>(ask: () => Promise<{ items: T[] }>) {
  const arrived = shallowRef<T[]>([])
  const all = ref(false)
  const items = computed(() => (all.value ? arrived.value : arrived.value.slice(0, SHOWN)))
  const more = computed(() => arrived.value.length > items.value.length)
  const lost = ref(false)
  let timer = 0
  let gone = false

  async function look(): Promise<void> {
    try {
      const { items: newest } = await ask()
      if (newest[0]?.id !== arrived.value[0]?.id) arrived.value = newest.slice(0, KEPT)
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
  return { items, lost, more, all }
}

import { computed, onScopeDispose, ref, type ComputedRef } from 'vue'
import { serverNow } from '@/api/time'

/** Seconds until a time of the server, renewed every second; never below zero. */
export function useSecondsUntil(time: () => string | undefined): ComputedRef<number> {
  const now = ref(serverNow())
  const timer = window.setInterval(() => (now.value = serverNow()), 1000)
  onScopeDispose(() => window.clearInterval(timer))
  return computed(() => {
    // A time that has just become known is later than the last tick.
    const at = Math.max(now.value, serverNow())
    const end = time()
    return end === undefined ? 0 : Math.max(0, Math.ceil((Date.parse(end) - at) / 1000))
  })
}

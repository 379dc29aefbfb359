/**
 * When somebody last did something with the session. Only the server knows whether it still
 * lives, and being asked would keep it; so every tab notes here what kept it, for all of them.
 */
import { stored } from '@/i18n/stored'
import { serverNow } from './time'

const USED = 'session-used'

/** What the server takes for use of the session. */
const USES = /^\/api\/v1\/(?:account|sessions)\b/

/** Notes a request that was answered. */
export function noteUse(path: string): void {
  if (USES.test(path)) stored.set(USED, String(serverNow()))
}

/** Nobody is signed in. */
export function forgetUse(): void {
  stored.set(USED, null)
}

/** When the session was used last, in milliseconds of the server's time. */
export function lastUse(): number | undefined {
  const used = stored.get(USED)
  return used ? Number(used) : undefined
}

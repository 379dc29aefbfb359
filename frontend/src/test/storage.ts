import { vi } from 'vitest'

/** A browser that keeps nothing, such as a web view without DOM storage. */
export function withoutStorage(): void {
  vi.spyOn(window, 'localStorage', 'get').mockReturnValue(null as unknown as Storage)
}

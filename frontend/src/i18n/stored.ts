/** Small choices that outlive the page. Nothing personal and nothing secret is kept here. */
const PREFIX = 'shiming.'

export const stored = {
  /** What was remembered; `null` also when the browser keeps nothing. */
  get(name: string): string | null {
    try {
      return localStorage.getItem(PREFIX + name)
    } catch {
      return null
    }
  },
  /** Remembers `value`, or forgets with `null`. */
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(PREFIX + name)
      else localStorage.setItem(PREFIX + name, value)
    } catch {
      // A browser that keeps nothing works as well, it only asks again.
    }
  },
}

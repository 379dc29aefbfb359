/** Small choices that outlive the page. Nothing personal and nothing secret is kept here. */
const PREFIX = 'shiming.'

/** What the browser would not keep, such as a web view without storage: lasts as long as the page. */
const unkept = new Map<string, string | null>()

export const stored = {
  /** What was remembered, or `null`; `undefined` when this browser cannot tell. */
  get(name: string): string | null | undefined {
    if (unkept.has(name)) return unkept.get(name)
    try {
      return localStorage.getItem(PREFIX + name)
    } catch {
      return undefined
    }
  },
  /** Remembers `value`, or forgets with `null`. */
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(PREFIX + name)
      else localStorage.setItem(PREFIX + name, value)
      unkept.delete(name)
    } catch {
      unkept.set(name, value)
    }
  },
}

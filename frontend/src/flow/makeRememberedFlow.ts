import { stored } from '@/i18n/stored'
import { makeFlow, type Flow, type Plan } from './makeFlow'

/** What a browser knows of its flow when a page is opened. */
export type Standing =
  /** The view is there. */
  | 'known'
  /** Nothing is there, and nothing was remembered. */
  | 'none'
  /** It was done, and the server has forgotten it since. */
  | 'done'
  /** It was open, and the server has none. */
  | 'expired'
  /** The server could not be asked. */
  | 'lost'

export interface RememberedFlow<V, T> extends Flow<V, T> {
  /** Finds the flow again after the page was loaded anew. */
  find: () => Promise<Standing>
}

/** A flow under a cookie. The browser remembers that there is one, and nothing of it. */
export function makeRememberedFlow<V, T extends object>({
  name,
  isDone,
  ...plan
}: Omit<Plan<V, T>, 'note'> & {
  name: string
  isDone: (view: V) => boolean
}): RememberedFlow<V, T> {
  const note = (view: V | null) =>
    stored.set(name, view === null ? null : isDone(view) ? 'done' : 'open')
  const flow = makeFlow({ ...plan, note })

  async function find(): Promise<Standing> {
    if (flow.view.value !== null) return 'known'
    const flag = stored.get(name)
    if (flag === null) return 'none'
    const found = await flow.load().catch(() => undefined)
    if (found === undefined) return 'lost'
    if (found !== null) return 'known'
    // A browser that remembers nothing may never have had one.
    if (flag === undefined) return 'none'
    return flag === 'done' ? 'done' : 'expired'
  }
  return { ...flow, find }
}

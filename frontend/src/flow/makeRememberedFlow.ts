import { stored } from '@/i18n/stored'
import { makeFlow, type Flow, type Plan } from './makeFlow'

/** The state of the flow when a page is opened. */
export type Standing =
  /** The view is loaded. */
  | 'known'
  /** The server has no flow, and the browser remembers none. */
  | 'none'
  /** The browser remembers a completed flow, and the server has erased it. */
  | 'done'
  /** The browser remembers an open flow, and the server has none. */
  | 'expired'
  /** The server did not answer. */
  | 'lost'

export interface RememberedFlow<V, T> extends Flow<V, T> {
  /** Finds the flow again after a reload. */
  find: () => Promise<Standing>
}

/** A flow under a cookie. The browser stores that it exists, and none of its contents. */
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
    // A browser without storage may never have had a flow.
    if (flag === undefined) return 'none'
    return flag === 'done' ? 'done' : 'expired'
  }
  return { ...flow, find }
}

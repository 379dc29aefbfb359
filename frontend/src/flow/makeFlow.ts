/**
 * A flow has several steps, and the server keeps it for this browser: a registration, a recovery,
 * a change of the account. The client has the server's view and, while the page is open, the
 * typed text, so that going back or a lost connection loses nothing. Typed text is never stored.
 */
import { reactive, shallowRef, type ShallowRef } from 'vue'
import { ProblemError, problemFrom, type Problem } from '@/api/problem'

export interface Flow<V, T> {
  /** The server's newest view; `null` without a flow. */
  view: ShallowRef<V | null>
  /** The text typed so far, and the choices. */
  typed: T
  /** Takes the server's newest view. */
  keep: (newest: V) => V
  /** Forgets the view. The typed text stays until `wipe` or until the page is closed. */
  drop: () => void
  /** Forgets the typed text. */
  wipe: () => void
  /** Asks the server for the view; returns `null` if it has none. */
  load: () => Promise<V | null>
  /** Sends a request, and loads the view again after a refusal that changed it. */
  attempt: <A>(send: () => Promise<A>) => Promise<A>
  /** Attempts a step whose answer is the newest view. */
  advance: (send: () => Promise<V>) => Promise<V>
  /** Asks the server whether the flow is over; another tab may have continued it. */
  isGone: () => Promise<boolean>
}

export interface Plan<V, T> {
  /** Requests the view. */
  ask: () => Promise<V>
  /** Returns an empty form. */
  blank: () => T
  /** Records outside of the flow whether it exists. */
  note: (view: V | null) => void
  /** Whether a refusal changed the view: it used up a try, or the stage is another. */
  changes: (refused: Problem) => boolean
}

export function makeFlow<V, T extends object>({
  ask,
  blank,
  note,
  changes,
}: Plan<V, T>): Flow<V, T> {
  const view: ShallowRef<V | null> = shallowRef(null)
  // What `reactive` gives is read as if it held no references.
  const typed = reactive(blank()) as T

  function keep(newest: V): V {
    view.value = newest
    note(newest)
    return newest
  }
  function drop(): void {
    view.value = null
    note(null)
  }
  async function load(): Promise<V | null> {
    try {
      return keep(await ask())
    } catch (thrown) {
      if (!(thrown instanceof ProblemError) || thrown.problem.code !== 'flow_not_found')
        throw thrown
      drop()
      return null
    }
  }
  async function attempt<A>(send: () => Promise<A>): Promise<A> {
    try {
      return await send()
    } catch (thrown) {
      // The page shows the refusal even if the view cannot be loaded.
      if (changes(problemFrom(thrown))) await load().catch(() => undefined)
      throw thrown
    }
  }
  return {
    view,
    typed,
    keep,
    drop,
    wipe: () => Object.assign(typed, blank()),
    load,
    attempt,
    advance: async (send) => keep(await attempt(send)),
    isGone: async () => (await load().catch(() => view.value)) === null,
  }
}

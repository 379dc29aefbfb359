/**
 * Work of several steps that the server keeps for this browser: a registration, a recovery, a
 * change of the account. Here are its view and, while the page is open, what was typed, so that
 * going back or a lost connection loses nothing. What is typed is never stored.
 */
import { reactive, shallowRef, type ShallowRef } from 'vue'
import { ProblemError, problemFrom, type Problem } from '@/api/problem'

export interface Flow<V, T> {
  /** The server's newest view; `null` without a flow. */
  view: ShallowRef<V | null>
  typed: T
  /** Takes the server's newest view. */
  keep: (newest: V) => V
  /** Forgets the view. What was typed stays until the page is closed or `wipe` is called. */
  drop: () => void
  /** Forgets what was typed. */
  wipe: () => void
  /** Asks the server for the view; `null` when it has none. */
  load: () => Promise<V | null>
  /** Sends something, and asks for the view again after a refusal that has changed it. */
  attempt: <A>(send: () => Promise<A>) => Promise<A>
  /** Attempts a step, which is answered with the newest view. */
  advance: (send: () => Promise<V>) => Promise<V>
  /** Whether the server says that the flow is over: another tab may have gone on with it. */
  isGone: () => Promise<boolean>
}

export interface Plan<V, T> {
  ask: () => Promise<V>
  /** What is typed before anybody has typed. */
  blank: () => T
  /** Remembers outside of the flow that there is one, or none. */
  note: (view: V | null) => void
  /** Whether a refusal has changed the view: tries are used up, the stage is another. */
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
      // The refusal is what the page has to tell, whether or not the view can be had.
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

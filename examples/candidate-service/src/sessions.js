/**
 * Sessions, in memory: this is an example. A real system keeps them in a store
 * that its nodes share and that outlives them.
 */
import { randomBytes } from 'node:crypto'

const IDLE = 30 * 60_000
const ABSOLUTE = 12 * 3_600_000
const PENDING = 60 * 60_000
/** At most so many logins under way in one browser, and browsers at all. */
const MOST_PENDING = 5
const MOST = 10_000

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {number} createdAt
 * @property {number} usedAt
 * @property {import('./provider.js').Pending[]} pending
 * @property {import('./provider.js').SignedIn} [signedIn]
 * @property {import('./person.js').Claims} [person]
 * @property {Promise<void>} [renewing]
 */

export class Sessions {
  /** @type {Map<string, Session>} */
  #all = new Map()

  /**
   * @param {() => number} now
   * @param {number} most
   */
  constructor(now = Date.now, most = MOST) {
    this.now = now
    this.most = most
  }

  /** @returns {Session} */
  create() {
    this.#purge()
    const now = this.now()
    const id = randomBytes(32).toString('base64url')
    /** @type {Session} */
    const session = { id, createdAt: now, usedAt: now, pending: [] }
    this.#all.set(id, session)
    return session
  }

  /** @param {string | undefined} id */
  find(id) {
    const session = this.#all.get(id ?? '')
    if (session === undefined || this.#isOver(session)) return undefined
    session.usedAt = this.now()
    return session
  }

  /** @param {Session} session */
  end({ id }) {
    this.#all.delete(id)
  }

  /**
   * Ends what Shiming says is over: one of its sessions, or all of a person.
   *
   * @param {{ subject: string | undefined, sessionId: string | undefined }} over
   */
  endAll({ subject, sessionId }) {
    for (const session of this.#all.values()) {
      const { signedIn } = session
      if (signedIn === undefined) continue
      if (sessionId !== undefined && signedIn.sessionId !== sessionId) continue
      if (subject !== undefined && signedIn.subject !== subject) continue
      this.end(session)
    }
  }

  /**
   * @param {Session} session
   * @param {import('./provider.js').Pending} pending
   */
  remember(session, pending) {
    session.pending = [...session.pending, pending].slice(-MOST_PENDING)
  }

  /**
   * What was remembered under this state; it is remembered no longer.
   *
   * @param {Session} session
   * @param {string | null} state
   */
  take(session, state) {
    const found = session.pending.find((one) => one.state === state)
    session.pending = session.pending.filter((one) => one !== found)
    return found !== undefined && found.startedAt + PENDING > this.now() ? found : undefined
  }

  /** @param {Session} session */
  #isOver({ createdAt, usedAt }) {
    return usedAt + IDLE <= this.now() || createdAt + ABSOLUTE <= this.now()
  }

  #purge() {
    for (const session of this.#all.values()) {
      if (this.#isOver(session)) this.end(session)
    }
    // Anybody can come and be nobody: that must sign out nobody who is somebody.
    for (const signedIn of [false, true]) {
      for (const session of this.#all.values()) {
        if (this.#all.size < this.most) return
        if ((session.signedIn !== undefined) === signedIn) this.end(session)
      }
    }
  }
}

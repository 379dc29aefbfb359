/** What the example can be told by its environment. */
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Settings
 * @property {string} host Address to listen on.
 * @property {number} port
 * @property {URL} url Where people find this system.
 * @property {URL} issuer Where Shiming is.
 * @property {string} clientId
 * @property {string} clientSecret
 * @property {number} freshSeconds How old a login may be where it must be fresh.
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Settings}
 */
export function settings(env) {
  const port = Number(env['CANDIDATE_PORT'] ?? 8090)
  const file = env['CANDIDATE_CLIENT_FILE']
  if (file === undefined) {
    throw new Error(
      'CANDIDATE_CLIENT_FILE is not set: it names what "shiming clients create" printed',
    )
  }
  const registered = JSON.parse(readFileSync(file, 'utf8'))
  return {
    host: env['CANDIDATE_HOST'] ?? '127.0.0.1',
    port,
    url: new URL(env['CANDIDATE_URL'] ?? `http://localhost:${port}`),
    issuer: new URL(env['SHIMING_URL'] ?? 'http://localhost:8080'),
    clientId: registered.client.id,
    clientSecret: registered.client_secret,
    freshSeconds: Number(env['CANDIDATE_FRESH_SECONDS'] ?? 300),
  }
}

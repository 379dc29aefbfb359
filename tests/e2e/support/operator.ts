/** The operator, at the command line of the server under test. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

/** The business systems of the tests are on this machine. */
export const LOCAL_NETWORKS = '127.0.0.0/8,::1/128'

const built = resolve(import.meta.dirname, '../../../target/debug/shiming')

export async function operator(...command: string[]): Promise<string> {
  const folder = process.env['E2E_FOLDER'] ?? ''
  const { stdout } = await promisify(execFile)(process.env['SHIMING_BIN'] ?? built, command, {
    env: {
      DATABASE_URL: `sqlite://${folder}/shiming.db`,
      SHIMING__KEYS__FILE: `${folder}/keyring.json`,
      SHIMING__WEBHOOKS__ALLOWED_NETWORKS: LOCAL_NETWORKS,
    },
  })
  return stdout
}

/** Starts the real server, with the built client and the sandbox, on a database of its own. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { origin } from '../playwright.config'
import { LOCAL_NETWORKS } from './operator'

const root = resolve(import.meta.dirname, '../../..')

export default async function start(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'shiming-e2e-'))
  const server = spawn(
    process.env['SHIMING_BIN'] ?? join(root, 'target/debug/shiming'),
    ['serve'],
    {
      env: {
        PATH: process.env['PATH'],
        PORT: new URL(origin).port,
        DATABASE_URL: `sqlite://${folder}/shiming.db`,
        SHIMING__KEYS__FILE: `${folder}/keyring.json`,
        SHIMING__SERVER__PUBLIC_URL: origin,
        SHIMING__SERVER__SPA_DIR: process.env['SPA_DIR'] ?? join(root, 'frontend/dist'),
        SHIMING__LOG__FILTER: 'warn',
        SHIMING__WEBHOOKS__ALLOWED_NETWORKS: LOCAL_NETWORKS,
        // All browsers of the tests share one address.
        SHIMING__LIMITS__SMS_PER_ADDRESS_HOUR: '100000',
        SHIMING__LIMITS__BANK_FAILURES_PER_ADDRESS_HOUR: '100000',
        SHIMING__LIMITS__REGISTRATIONS_PER_ADDRESS_HOUR: '100000',
        SHIMING__LIMITS__SUPPORT_CASES_PER_ADDRESS_HOUR: '100000',
        SHIMING__LIMITS__RECOVERIES_PER_ADDRESS_HOUR: '100000',
        SHIMING__CAPTCHA__PER_ADDRESS_HOUR: '100000',
        SHIMING__PASSWORD__FAILURES__PER_ADDRESS: '100000',
        SHIMING__PASSWORD__QUEUE_MILLISECONDS: '10000',
        // Short, so that the page about a silent bank is seen soon.
        SHIMING__SMS__RESEND_SECONDS: '5',
        SHIMING__BANK__TIMEOUT_MILLISECONDS: '4000',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  // For tests that need the operator's commands.
  process.env['E2E_FOLDER'] = folder
  const ended = new Promise<void>((done) => server.once('exit', () => done()))
  for (let tries = 0; ; tries++) {
    if (server.exitCode !== null) throw new Error('the server did not start')
    if (
      await fetch(`${origin}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break
    if (tries > 100) throw new Error('the server is not ready')
    await new Promise((wait) => setTimeout(wait, 100))
  }
  return async () => {
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Business systems beside the product: how they are registered, started and stopped. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { origin } from '../playwright.config'
import { operator } from './operator'

export const root = resolve(import.meta.dirname, '../../..')
const example = join(root, 'examples/candidate-service')

export interface Registered {
  client: { id: string }
  client_secret?: string
}

export interface System {
  url: string
  clientId: string
  stop: () => Promise<void>
}

const folder = (): string => process.env['E2E_FOLDER'] ?? ''
let serial = 0

/** Registers a client as the operator does; what the command printed, and where it stands. */
export async function register(metadata: object): Promise<Registered & { file: string }> {
  const file = join(folder(), `client-${process.pid}-${(serial += 1)}.json`)
  writeFileSync(file, JSON.stringify(metadata))
  const printed = await operator('clients', 'create', '--file', file)
  writeFileSync(file, printed, { mode: 0o600 })
  return { ...(JSON.parse(printed) as Registered), file }
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a program, and waits until it listens. */
export async function start(
  [program, ...words]: [string, ...string[]],
  { url, cwd, env }: { url: string; cwd: string; env: Record<string, string> },
): Promise<() => Promise<void>> {
  const child = spawn(program, words, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; !(await listens(url)); tries++) {
    if (child.exitCode !== null || tries > 150) throw new Error(`${program} did not start`)
    await new Promise((wait) => setTimeout(wait, 100))
  }
  return () => stopped(child)
}

const listens = (url: string): Promise<boolean> =>
  fetch(url, { redirect: 'manual' }).then(
    () => true,
    () => false,
  )

export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Seconds that a login may be old where the candidate service wants a fresh one. */
export const FRESH_SECONDS = 10

/** 考生服务系统, from examples/, with a client of its own. */
export async function candidateService(): Promise<System> {
  const url = `http://localhost:${await freePort()}`
  const text = readFileSync(join(example, 'client.json'), 'utf8')
  const metadata = JSON.parse(text.replaceAll('http://localhost:8090', url)) as object
  const { client, file } = await register(metadata)
  const stop = await start([process.execPath, 'src/main.js'], {
    url: `${url}/healthz`,
    cwd: example,
    env: {
      CANDIDATE_CLIENT_FILE: file,
      CANDIDATE_PORT: new URL(url).port,
      CANDIDATE_FRESH_SECONDS: String(FRESH_SECONDS),
      SHIMING_URL: origin,
    },
  })
  return { url, clientId: client.id, stop }
}

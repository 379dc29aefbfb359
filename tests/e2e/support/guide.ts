/** docs/integrators.md as a program: its blocks of code, and how they are run. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { origin } from '../playwright.config'
import { freePort, root } from './systems'

export interface Block {
  /** What the comment above it says. */
  how: string
  language: string
  code: string
}

/** The blocks of code of a guide. */
export function blocks(file: string): Block[] {
  const text = readFileSync(join(root, 'docs', file), 'utf8')
  const found = text.matchAll(/(?:<!-- (.*?) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm)
  return [...found].map(([, how = '', language = '', code = '']) => ({ how, language, code }))
}

const python = process.env['PYTHON'] ?? join(root, 'target/python/bin/python3')
const shiming = process.env['SHIMING_BIN'] ?? join(root, 'target/debug/shiming')

/** A folder with the files of the guide, at ports of its own. */
export class Guide {
  readonly folder = mkdtempSync(join(process.env['E2E_FOLDER'] ?? '', 'guide-'))
  readonly #ports = new Map<string, string>()
  #registered: Record<string, string> = {}

  static async make(): Promise<Guide> {
    const guide = new Guide()
    for (const port of ['9000', '9001']) guide.#ports.set(port, String(await freePort()))
    for (const { how, code } of blocks('integrators.md')) {
      const [, file] = /^file: (.+)$/.exec(how) ?? []
      if (file !== undefined) writeFileSync(join(guide.folder, file), guide.own(code))
    }
    const modules = join(root, 'tests/e2e/node_modules')
    symlinkSync(modules, join(guide.folder, 'node_modules'))
    return guide
  }

  /** Where the guide's system is. */
  get url(): string {
    return this.own('http://localhost:9000')
  }

  /** A text of the guide with the ports of this run. */
  own(text: string): string {
    return text.replace(/(?<!\d)900[01](?!\d)/g, (port) => this.#ports.get(port) ?? port)
  }

  /** All commands, in one shell, which stops at the first that fails. */
  shell(): ChildProcess {
    const commands = blocks('integrators.md').filter(({ how }) => how === 'run')
    const script = commands.map(({ code }) => this.own(code)).join('\n')
    writeFileSync(join(this.folder, 'guide.sh'), script)
    return this.#spawn('bash', ['-euo', 'pipefail', 'guide.sh'])
  }

  /** One of the guide's programs. */
  program(file: string): ChildProcess {
    const { client, client_secret: secret } = JSON.parse(
      readFileSync(join(this.folder, 'registered.json'), 'utf8'),
    ) as { client: { id: string }; client_secret: string }
    this.#registered = { CLIENT_ID: client.id, CLIENT_SECRET: secret }
    return file.endsWith('.py')
      ? this.#spawn('python3', [file])
      : this.#spawn(process.execPath, [file])
  }

  #spawn(program: string, words: string[]): ChildProcess {
    const data = process.env['E2E_FOLDER'] ?? ''
    return spawn(program, words, {
      cwd: this.folder,
      env: {
        PATH: [dirname(python), dirname(shiming), process.env['PATH']].join(':'),
        SHIMING: origin,
        DATABASE_URL: `sqlite://${data}/shiming.db`,
        SHIMING__KEYS__FILE: `${data}/keyring.json`,
        ...this.#registered,
      },
    })
  }
}

/** What a program prints, as it comes. */
export class Output {
  text = ''

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (piece: Buffer) => (this.text += piece.toString()))
    }
  }

  /** The first match of a pattern; its groups. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    for (let tries = 0; tries < 300; tries++) {
      const found = pattern.exec(this.text)
      if (found !== null) return found
      if (this.child.exitCode !== null) break
      await new Promise((wait) => setTimeout(wait, 100))
    }
    throw new Error(`${String(pattern)} did not come. What came:\n${this.text}`)
  }

  /** How it ended. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await new Promise((done) => this.child.once('close', done))
    return this.child.exitCode
  }
}

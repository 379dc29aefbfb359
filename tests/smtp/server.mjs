// A real mail server (RFC 5321, STARTTLS) on this machine, for tests. Writes
// one JSON object a line: first {"port"}, then every mail that was taken.
//
//   node server.mjs '{"port":0,"security":"starttls","key":PATH,"cert":PATH}'
//
// "security" is "starttls", "tls" or "none"; "user" and "password" make it ask
// for them; "refuse" is a code that every mail is answered with.
import { readFileSync } from 'node:fs'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

const settings = JSON.parse(process.argv[2])
const { security, user, password, refuse } = settings
const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

const withTls = security !== 'none'
const server = new SMTPServer({
  secure: security === 'tls',
  ...(withTls && { key: readFileSync(settings.key), cert: readFileSync(settings.cert) }),
  disabledCommands: [...(withTls ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])],
  authOptional: !user,
  onAuth(auth, _session, done) {
    const right = auth.username === user && auth.password === password
    done(right ? null : new Error('wrong'), right ? { user } : undefined)
  },
  async onData(stream, session, done) {
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    if (refuse) {
      // As some servers do, it quotes what it refuses.
      const quoted = Buffer.concat(chunks).toString().match(/^Reply-To: .*$/m)?.[0]
      done(Object.assign(new Error(`no, not ${quoted}`), { responseCode: refuse }))
      return
    }
    const raw = Buffer.concat(chunks)
    const mail = await PostalMime.parse(raw)
    tell({
      secure: session.secure,
      user: session.user ?? null,
      hello: session.hostNameAppearsAs,
      envelope: {
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map((one) => one.address),
      },
      headers: mail.headers.map(({ key, value }) => [key, value]),
      subject: mail.subject,
      text: mail.text,
      raw: raw.toString('latin1'),
    })
    done()
  },
})
// A client that refuses our certificate is what a test wants.
server.on('error', (error) => process.stderr.write(`${error.message}\n`))
server.listen(settings.port, '127.0.0.1', () => tell({ port: server.server.address().port }))

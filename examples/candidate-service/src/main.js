/** 「考生服务系统」, a small relying party. */
import { serve } from '@hono/node-server'
import { app } from './app.js'
import { settings } from './settings.js'

const own = settings(process.env)
const server = serve({ fetch: app(own).fetch, hostname: own.host, port: own.port }, () => {
  console.log(`考生服务系统 (candidate service): ${own.url.origin}`)
})
server.once('error', (error) => {
  console.error(`candidate service: ${error.message} (CANDIDATE_PORT chooses another port)`)
  process.exitCode = 1
})
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
}

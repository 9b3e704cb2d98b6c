// Serves a folder of files, and asks what a program gives away about everything else: something with `fetch`, an app of
// Express, Koa or Fastify, or a function. It needs Node 20 and nothing else.
//
//     node server.mjs PROGRAM [FOLDER]

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'

const [PROGRAM, FOLDER] = process.argv.slice(2)
const FILES = FOLDER && resolve(FOLDER)
const TYPES = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp4': 'video/mp4',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml'
}

// What answers: `web` takes a Request, `plain` what Node's own server gives.
async function given () {
  const module = await import(pathToFileURL(resolve(PROGRAM)))
  const app = module.default?.default ?? module.default ?? module
  if (typeof app.fetch === 'function') return { web: request => app.fetch(request) }
  if (typeof app.callback === 'function') return { plain: app.callback() }
  if (typeof app.routing === 'function') {
    await app.ready()
    return { plain: app.routing }
  }
  if (typeof app === 'function') return app.length < 2 ? { web: app } : { plain: app }
  console.error(`${PROGRAM} gives away nothing that answers requests: no fetch, no app, no function.`)
  process.exit(1)
}

const { web, plain } = await given()

async function fileOf (path) {
  let name
  try {
    name = FILES + decodeURIComponent(path)
  } catch {
    return null
  }
  if (name.includes('\0') || name.split(/[\\/]/).includes('..')) return null
  const found = await stat(name).catch(() => null)
  return found?.isFile() ? { name, size: found.size, changed: found.mtime } : null
}

async function sendFile (file, request, response) {
  const tag = `W/"${file.size.toString(16)}-${file.changed.getTime().toString(16)}"`
  const named = file.name.startsWith(`${FILES}${sep}assets${sep}`) // by what is in it
  response.setHeader('Content-Type', TYPES[extname(file.name).toLowerCase()] ?? 'application/octet-stream')
  response.setHeader('Cache-Control', named ? 'public, max-age=31536000, immutable' : 'public, max-age=0, must-revalidate')
  response.setHeader('Last-Modified', file.changed.toUTCString())
  response.setHeader('ETag', tag)
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304).end()
    return
  }
  response.setHeader('Content-Length', file.size)
  response.writeHead(200)
  if (request.method === 'HEAD') response.end()
  else await pipeline(createReadStream(file.name), response)
}

function asked (request, url, signal) {
  const headers = new Headers()
  for (let at = 0; at < request.rawHeaders.length; at += 2) headers.append(request.rawHeaders[at], request.rawHeaders[at + 1])
  const bodied = request.method !== 'GET' && request.method !== 'HEAD'
  const body = bodied ? { body: Readable.toWeb(request), duplex: 'half' } : {}
  return new Request(url, { method: request.method, headers, signal, ...body })
}

async function ask (request, response, url) {
  const gone = new AbortController()
  response.on('close', () => { if (!response.writableFinished) gone.abort() })
  const answer = await web(asked(request, url, gone.signal))
  response.statusCode = answer.status
  if (answer.statusText) response.statusMessage = answer.statusText
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') response.setHeader(name, value)
  const cookies = answer.headers.getSetCookie()
  if (cookies.length) response.setHeader('Set-Cookie', cookies)
  if (!answer.body || request.method === 'HEAD') {
    response.end()
    return
  }
  response.flushHeaders() // what comes bit by bit is sent bit by bit
  await pipeline(Readable.fromWeb(answer.body), response)
}

async function answer (request, response) {
  const scheme = String(request.headers['x-forwarded-proto'] ?? 'http').split(',')[0].trim()
  const url = new URL(`${scheme === 'https' ? 'https' : 'http'}://${request.headers.host ?? 'localhost'}${request.url}`)
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const file = reads && FILES ? await fileOf(url.pathname) : null
  if (file) await sendFile(file, request, response)
  else if (plain) await plain(request, response)
  else await ask(request, response, url)
}

const server = createServer((request, response) => {
  answer(request, response).catch(error => {
    if (response.closed || response.destroyed) return
    console.error(error)
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { 'Content-Type': 'text/plain' }).end('Internal Server Error')
  })
})

const host = process.env.HOST || '0.0.0.0'
server.listen(Number(process.env.PORT) || 3000, host, () => {
  console.log(`Listening on http://${host}:${server.address().port}`)
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

// Serves the files of the build, pictures in other sizes, and everything else by Next's handler.
import { createReadStream, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'

const TYPES = {
  avif: 'image/avif', css: 'text/css; charset=utf-8', gif: 'image/gif', html: 'text/html; charset=utf-8',
  ico: 'image/x-icon', jpeg: 'image/jpeg', jpg: 'image/jpeg', js: 'text/javascript; charset=utf-8',
  json: 'application/json', map: 'application/json', mjs: 'text/javascript; charset=utf-8', mp3: 'audio/mpeg',
  mp4: 'video/mp4', otf: 'font/otf', pdf: 'application/pdf', png: 'image/png', svg: 'image/svg+xml',
  ttf: 'font/ttf', txt: 'text/plain; charset=utf-8', wasm: 'application/wasm', webm: 'video/webm',
  webmanifest: 'application/manifest+json', webp: 'image/webp', woff: 'font/woff', woff2: 'font/woff2',
  xml: 'text/xml; charset=utf-8',
}
const STOPPING = 20_000

function streamTo(request, response) {
  const abort = new AbortController()
  response.on('close', () => abort.abort())
  return {
    writeHeaders(prelude) {
      if (prelude.cookies?.length) response.setHeader('Set-Cookie', prelude.cookies)
      response.writeHead(prelude.statusCode, prelude.headers)
      response.flushHeaders()
      return response
    },
    abortSignal: abort.signal,
  }
}

async function fileOf(assets, base, request) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  let name
  try {
    name = decodeURIComponent(request.url.split('?')[0])
  } catch {
    return undefined
  }
  if (!name.startsWith(`${base}/`) || name.endsWith('/') || name.includes('\0')) return undefined
  const file = path.join(assets, name.slice(base.length))
  if (!file.startsWith(assets + path.sep)) return undefined
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? { file, found } : undefined
}

function send({ file, found }, request, response) {
  const tag = `"${found.size.toString(16)}-${Math.trunc(found.mtimeMs).toString(16)}"`
  const forEver = request.url.includes('/_next/static/')
  response.setHeader('ETag', tag)
  response.setHeader('Cache-Control', forEver ? 'public, max-age=31536000, immutable' : 'public, max-age=0')
  if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end()
  const type = TYPES[path.extname(file).slice(1).toLowerCase()] ?? 'application/octet-stream'
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': found.size })
  if (request.method === 'HEAD') return void response.end()
  createReadStream(file).on('error', () => response.destroy()).pipe(response)
}

async function wrapper(handler, converter) {
  const root = process.cwd().replace(/(\/\.open-next)\/.*/s, '$1')
  const assets = path.join(root, 'assets')
  const base = JSON.parse(readFileSync('.next/required-server-files.json', 'utf8')).config.basePath ?? ''
  const { handler: pictures } = await import(path.join(root, 'image-optimization-function/index.mjs'))

  const server = createServer(async (request, response) => {
    try {
      const file = await fileOf(assets, base, request)
      if (file) return send(file, request, response)
      const answers = request.url.split('?')[0] === `${base}/_next/image` ? pictures : handler
      await answers(await converter.convertFrom(request), { streamCreator: streamTo(request, response) })
    } catch (error) {
      console.error(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    }
  })
  // Longer than the proxy in front keeps an idle connection, so that it is never the server that closes first.
  server.keepAliveTimeout = 180_000
  const stop = () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
    setTimeout(() => process.exit(0), STOPPING).unref()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  await new Promise((resolve) => server.listen(Number(process.env.PORT ?? 3000), resolve))
  console.log(`listens on port ${process.env.PORT ?? 3000}`)
  return () => server.close()
}

export default { wrapper, name: 'webduh-server', supportStreaming: true }

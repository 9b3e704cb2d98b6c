// Serves a folder of functions: each answers one route. It needs Node 18 and nothing else.
//
// Every function has a thread of its own, which answers many requests at once. A request that takes longer than its
// function may is answered with 504; new requests go to a new thread from then on, and the old one ends with the
// requests that it still has. An error is told to the log, never to whoever asked.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const LARGEST = 6 * 1024 * 1024 // bytes of a request's body
const LOADING = 30 // seconds that the functions may take to load, all together

class Thread {
  constructor (file) {
    this.file = file
    this.waiting = new Map()
    this.ended = false
    this.retired = false
    this.last = 0
    this.worker = new Worker(fileURLToPath(import.meta.url), { workerData: file })
    this.ready = new Promise((resolve, reject) => {
      this.worker.on('message', message => {
        if (message.ready) return resolve()
        this.settle(message.id, message.answer)
      })
      this.worker.on('error', error => {
        console.error(`${file}:`, error)
        reject(error)
      })
      this.worker.on('exit', () => {
        this.ended = true
        reject(new Error(`${file} ended`))
        for (const id of [...this.waiting.keys()]) this.settle(id, null)
      })
    })
    this.ready.catch(() => {}) // whoever waits for it is told; nobody may be waiting
  }

  ask (event) {
    return new Promise(resolve => {
      if (this.ended) return resolve(null)
      const id = ++this.last
      this.waiting.set(id, resolve)
      this.worker.postMessage({ id, event })
    })
  }

  settle (id, answer) {
    this.waiting.get(id)?.(answer)
    this.forget(id)
  }

  forget (id) {
    this.waiting.delete(id)
    if (this.retired && this.waiting.size === 0) this.worker.terminate()
  }

  // Nothing new comes to it; what it has may end, or be given up in its turn.
  retire () {
    this.retired = true
    if (this.waiting.size === 0) this.worker.terminate()
  }
}

class Served {
  constructor ({ file, timeout }) {
    this.file = file
    this.timeout = timeout
    this.thread = new Thread(file)
  }

  async answer (event) {
    if (this.thread.ended || this.thread.retired) this.thread = new Thread(this.file)
    const thread = this.thread
    let clock
    const late = new Promise(resolve => { clock = setTimeout(resolve, this.timeout * 1000, 'late') })
    const answer = thread.ask(event)
    const id = thread.last
    const first = await Promise.race([answer, late])
    clearTimeout(clock)
    if (first !== 'late') return first ?? plain(500, 'The function failed.')
    console.error(`${this.file}: a request took longer than ${this.timeout} s and was given up`)
    thread.retire()
    thread.forget(id)
    return plain(504, 'The function took too long.')
  }
}

function plain (status, text) {
  return { status, headers: [['content-type', 'text/plain; charset=utf-8']], body: Buffer.from(text + '\n') }
}

function asEvent (request, url, path, body) {
  const text = asText(body)
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  return {
    method: request.method,
    path,
    url: request.url,
    query: Object.fromEntries(url.searchParams),
    headers,
    cookies: asCookies(headers.cookie ?? ''),
    body: text ?? new Uint8Array(body),
    json: /^application\/([\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '') ? asJson(text) : null
  }
}

function asText (body) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return null
  }
}

function asJson (text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function asCookies (line) {
  const pairs = line.split(';').map(part => part.split(/=(.*)/s).slice(0, 2).map(word => word.trim()))
  return Object.fromEntries(pairs.filter(pair => pair.length === 2 && pair[0]).map(([name, value]) => [name, decoded(value)]))
}

function decoded (text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function bodyOf (request) {
  const parts = []
  let bytes = 0
  for await (const part of request) {
    bytes += part.length
    if (bytes > LARGEST) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function answered (routes, request) {
  const url = new URL('http://host' + (request.url.startsWith('/') ? request.url.replace(/^\/+/, '/') : '/'))
  const path = decoded(url.pathname)
  const served = routes.get(path.replace(/(.)\/+$/, '$1'))
  if (!served) return plain(404, 'There is nothing here.')
  const body = await bodyOf(request)
  if (body === null) return { ...plain(413, 'The request is too large.'), close: true }
  return served.answer(asEvent(request, url, path, body))
}

function send (request, response, { status, headers, body, close }) {
  const several = new Map()
  for (const [name, value] of headers) several.set(name, [...(several.get(name) ?? []), value])
  for (const [name, values] of several) response.setHeader(name, values.length > 1 ? values : values[0])
  if (close) response.setHeader('connection', 'close')
  response.statusCode = status
  if (status !== 204 && status !== 304) response.setHeader('content-length', body.length)
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function serve () {
  const { routes } = JSON.parse(readFileSync(new URL('functions.json', import.meta.url), 'utf8'))
  const table = new Map(Object.entries(routes).map(([path, said]) => [path, new Served(said)]))
  const clock = setTimeout(() => { console.error(`the functions were not loaded in ${LOADING} s`); process.exit(1) }, LOADING * 1000)
  try {
    await Promise.all([...table.values()].map(served => served.thread.ready))
  } catch {
    process.exit(1) // why is in the log already
  }
  clearTimeout(clock)
  let ending = false
  const server = createServer(async (request, response) => {
    try {
      const answer = await answered(table, request)
      send(request, response, ending ? { ...answer, close: true } : answer)
    } catch (error) {
      console.error(error)
      if (response.headersSent) return response.destroy()
      for (const name of response.getHeaderNames()) response.removeHeader(name)
      send(request, response, plain(500, 'The function failed.'))
    }
  })
  server.keepAliveTimeout = 180_000 // longer than the proxy in front keeps an idle connection
  server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '0.0.0.0')
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      ending = true
      server.close(() => process.exit(0))
      server.closeIdleConnections()
    })
  }
}

// What follows runs in the thread of a function.

function asAnswer (value) {
  if (value === undefined || value === null) return { status: 204, headers: [], body: new Uint8Array() }
  const whole = typeof value === 'object' && !ArrayBuffer.isView(value) && !Array.isArray(value)
  const names = whole ? Object.keys(value) : []
  const is = names.length > 0 && names.every(name => ['status', 'headers', 'body'].includes(name))
  const { status = 200, headers = {}, body } = is ? value : { body: value }
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`${status} is no status of an answer`)
  const [bytes, type] = asBytes(body)
  const said = Object.entries(headers).flatMap(([name, value]) => [value].flat().map(one => [name.toLowerCase(), String(one)]))
  const typed = said.some(([name]) => name === 'content-type') || bytes.length === 0
  return { status, headers: typed ? said : [['content-type', type], ...said], body: bytes }
}

function asBytes (body) {
  if (body === undefined || body === null) return [new Uint8Array(), '']
  if (typeof body === 'string') {
    return [Buffer.from(body), `text/${/^\s*<(!doctype|html)/i.test(body) ? 'html' : 'plain'}; charset=utf-8`]
  }
  if (ArrayBuffer.isView(body)) return [Buffer.from(body.buffer, body.byteOffset, body.byteLength), 'application/octet-stream']
  return [Buffer.from(JSON.stringify(body)), 'application/json']
}

async function fromResponse (response) {
  const cookies = response.headers.getSetCookie().map(value => ['set-cookie', value])
  const others = [...response.headers].filter(([name]) => name !== 'set-cookie')
  return { status: response.status, headers: [...others, ...cookies], body: new Uint8Array(await response.arrayBuffer()) }
}

async function work (file) {
  const found = await import(pathToFileURL(resolve(file)).href)
  const run = [found.default, found.handler, found.default?.default, found.default?.handler].find(one => typeof one === 'function')
  if (!run) throw new TypeError('it exports no function: neither as its default nor as `handler`')
  parentPort.on('message', async ({ id, event }) => {
    let answer = null
    try {
      const value = await run(event)
      answer = value instanceof Response ? await fromResponse(value) : asAnswer(value)
    } catch (error) {
      console.error(`${file}:`, error)
    }
    parentPort.postMessage({ id, answer })
  })
  parentPort.postMessage({ ready: true })
}

await (isMainThread ? serve() : work(workerData))

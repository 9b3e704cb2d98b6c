// A clock: the server sends the time once a second over server-sent events. No dependencies, and a clean stop.
'use strict'

const http = require('node:http')

const port = Number(process.env.PORT || 8000)
const watchers = new Set()

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clock</title>
<style>
  :root { color-scheme: light dark; --ground: light-dark(#f2f5f9, #0e1218); --ink: light-dark(#17202c, #eef2f7);
    --quiet: light-dark(#667487, #8593a6); --live: light-dark(#1b8a5a, #4ade9a) }
  * { box-sizing: border-box; margin: 0 }
  body { min-height: 100vh; display: grid; place-content: center; text-align: center; padding: 2rem;
    background: var(--ground); color: var(--ink); font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif }
  time { font-size: clamp(3.5rem, 16vw, 9rem); font-weight: 200; letter-spacing: -.04em; line-height: 1;
    font-variant-numeric: tabular-nums }
  p { margin-top: 1.5rem; color: var(--quiet) }
  p::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .6em; border-radius: 50%;
    background: var(--quiet) }
  .live p::before { background: var(--live) }
</style>
</head>
<body>
<time>--:--:--</time>
<p role="status">connecting</p>
<script>
  const time = document.querySelector('time'), status = document.querySelector('p')
  const events = new EventSource('events')
  events.onmessage = ({ data }) => {
    time.textContent = new Date(data).toLocaleTimeString([], { hour12: false })
    time.dateTime = data
    status.textContent = 'live from the server'
    document.body.className = 'live'
  }
  events.onerror = () => { status.textContent = 'reconnecting'; document.body.className = '' }
</script>
</body>
</html>
`

function tick (response) {
  response.write(`data: ${new Date().toISOString()}\n\n`)
}

const server = http.createServer((request, response) => {
  const pathname = request.url.split('?')[0]
  if (pathname === '/') {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
  } else if (pathname === '/healthz') {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n')
  } else if (pathname === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
    watchers.add(response)
    response.on('close', () => watchers.delete(response))
    console.log(`a watcher came: ${watchers.size} now`)
    response.write('retry: 1000\n')
    tick(response)
  } else {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such page.\n')
  }
})

const ticking = setInterval(() => watchers.forEach(tick), 1000)

function stop (signal) {
  console.log(`${signal}: ${watchers.size} watchers are sent away`)
  clearInterval(ticking)
  // Ended cleanly, a watcher comes back by itself: to the next release.
  watchers.forEach(response => response.end())
  server.close(() => console.log('the clock stops'))
  server.closeIdleConnections()
}

process.once('SIGTERM', stop)
process.once('SIGINT', stop)

server.listen(port, () => console.log(`the clock listens on port ${port}`))

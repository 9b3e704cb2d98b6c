"""Where the servers in a program of JavaScript listen."""

import pytest
from node_apps import packed, plan
from source_tree import Tree
from webduh_plugins.node_listen import Listened, listened

HONO = "import { serve } from '@hono/node-server'\n"
FASTIFY = "import Fastify from 'fastify'\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("app.listen(3000)", [Listened(3000)]),
        ("const port = 3000\napp.listen(port, () => {})", [Listened(3000)]),
        ("app.listen(process.env.PORT || 3000)", [Listened()]),
        ("app.listen(3000, '0.0.0.0')", [Listened(3000, "0.0.0.0")]),
        ("const hostname = '127.0.0.1', port = 3000\nserver.listen(port, hostname, up)", [Listened(0, "127.0.0.1")]),
        (
            "const hostname = '127.0.0.1'\nconst port = 3000\nserver.listen(port, hostname)",
            [Listened(3000, "127.0.0.1")],
        ),
        ("const host = process.env.HOST || 'localhost'\napp.listen(3000, host)", [Listened(3000)]),
        ("const server = Hapi.server({ port: 3000, host: 'localhost' })", [Listened(3000, "localhost")]),
        ("new Hapi.Server({ port: process.env.PORT })", [Listened()]),
        (f"{HONO}serve({{ fetch: app.fetch, port: 8787 }})", [Listened(8787)]),
        (f"{HONO}const port = 4000\nserve({{ fetch: app.fetch, port }})", [Listened(4000)]),
        (f"{HONO}serve({{ fetch: app.fetch, port: Number(process.env.PORT) }})", [Listened()]),
        (f"{HONO}serve(app, {{ port: 4001 }})", [Listened(4001)]),
        (f"{HONO}serve(app)", [Listened(3000)]),
        ("serve(app)", []),
        ("Bun.serve({ fetch(request) { return new Response({ a: {} }) }, port: 3001 })", [Listened(3001)]),
        ("Bun.serve({ fetch, hostname: 'localhost' })", [Listened(0, "localhost")]),
        ("export default { port: 3003, fetch: app.fetch }", [Listened(3003, called=False)]),
        ("export default { fetch() { return new Response('') } }", [Listened(called=False)]),
        ("export default { port: 3003 }", []),
        (f"{FASTIFY}app.listen({{ port: 3000 }})", [Listened(3000, "localhost")]),
        (f"{FASTIFY}app.listen({{ port: 3000, host: '0.0.0.0' }})", [Listened(3000, "0.0.0.0")]),
        (f"{FASTIFY}app.listen({{ port: 3000, host: process.env.HOST ?? '0.0.0.0' }})", [Listened(3000)]),
        ("startStandaloneServer(server, { listen: { port: 4100 } })", [Listened(4100)]),
        ("startStandaloneServer(server)", [Listened(4000)]),
        ("new WebSocketServer({ port: 8080 })", [Listened(8080)]),
        ("app.listen('3000')", [Listened(3000)]),
        ("app.set('port', 4000)\napp.listen(app.get('port'))", [Listened(4000)]),
        ("app.set('port', process.env.PORT || 4000)\napp.listen(app.get('port'))", [Listened()]),
        ("history.listen(() => {})", []),
        ("bus.listen('added', f)", []),
    ],
)
def test_ports_and_hosts_are_read_in_calls(text: str, found: list[Listened]) -> None:
    assert list(listened(text)) == found


@pytest.mark.parametrize(
    ("text", "script", "where"),
    [
        ("app.listen(process.env.PORT, '127.0.0.1')", "node server.js", "server.js"),
        ("app.listen(process.env.PORT)", "tsx server.ts --host localhost", "The start script"),
        ("app.listen(process.env.PORT)", "HOST=127.0.0.1 node server.js", "The start script"),
        ("app.listen(process.env.PORT, '0.0.0.0')", "node server.js --host 0.0.0.0", ""),
    ],
)
def test_a_server_that_only_its_container_reaches_is_warned_about(
    tree: Tree, text: str, script: str, where: str
) -> None:
    found = plan(
        tree, {"package.json": packed("express", scripts={"start": script}), "server.js": text, "package-lock.json": ""}
    )
    says = f"{where} listens on localhost, where nothing outside its container reaches it: let it listen on 0.0.0.0."
    assert found.warnings == ((says,) if where else ())

"""One request through the front: to an instance's process, or to the files of a site."""

import asyncio
import time
from io import FileIO

import h11

from webduh_console.targets.local.supervisor import files, http
from webduh_console.targets.local.supervisor.backend import Backend, Upstream
from webduh_console.targets.local.supervisor.http import Header, Stream
from webduh_console.targets.local.supervisor.site import Site
from webduh_console.targets.local.supervisor.wire import Wire

_CHUNK = 128 * 1024
_HALF_OPEN_LIMIT = 30.0


class NotTakenError(Exception):
    """The instance did not take the request; nothing of an answer was sent, so another may be asked."""


class Exchange:
    """A client's request and the way to its answer. `status` is that of the answer, 0 until its head was sent.

    `marks` are headers of ours to add to the answer. `failed` says that the app broke off within it.
    """

    def __init__(self, client: Stream, request: h11.Request, peer: str, marks: list[Header]) -> None:
        self.client, self.request, self.peer, self.marks = client, request, peer, marks
        self.status = 0
        self.failed = False
        self._body = http.has_body(request)
        self._fault: h11.RemoteProtocolError | None = None

    async def run(self, backend: Backend) -> None:
        """Have it answered by `backend`, with a page of our own if that breaks off before its answer.

        Raises NotTakenError; ConnectionResetError when the client is gone or was cut off within an answer.
        """
        if backend.site is not None:
            await self._from_site(backend.site)
            return
        try:
            await self._from_process(backend)
        except (OSError, h11.ProtocolError) as error:
            if self.client.wire.gone or self.client.http.our_state is not h11.SEND_RESPONSE:
                self.failed = not self.client.wire.gone
                self.client.wire.abort()
                raise ConnectionResetError("the answer was cut off") from error
            if self._fault is not None:
                self.page(self._fault.error_status_hint, f"Bad request: {self._fault}.")
            else:
                self.page(502, "The app broke off before it answered.")

    def page(self, status: int, text: str, *extra: Header) -> None:
        """Answer with a short plain page of our own."""
        response, body = http.page(status, text, *extra)
        self.status = status
        self.client.send(*((response,) if self.request.method == b"HEAD" else (response, body)), h11.EndOfMessage())

    async def _from_process(self, backend: Backend) -> None:
        repeatable = http.repeatable(self.request)
        fresh = not repeatable
        while True:
            try:
                upstream = await backend.connect(fresh)
            except OSError as error:
                raise NotTakenError from error
            try:
                await self._carry(upstream)
            except NotTakenError:
                upstream.wire.abort()
                if not upstream.reused:
                    raise
            except BaseException:
                upstream.wire.abort()
                raise
            else:
                _give_back(backend, upstream)
                return

    async def _carry(self, upstream: Upstream) -> None:
        """Send the request and relay the answer; NotTakenError when none began and the request may be repeated."""
        forwarded = http.forwarded(self.request, self.peer)
        if not self._body:
            upstream.send(forwarded, h11.EndOfMessage())
            await self._relay(upstream)
            return
        upstream.send(forwarded)
        upload = asyncio.create_task(self._upload(upstream))
        try:
            await self._relay(upstream)
        finally:
            upload.cancel()
            await asyncio.wait((upload,))

    async def _upload(self, upstream: Upstream) -> None:
        """Pass the request's body on. When the instance reads no more, its answer is still awaited."""
        try:
            while isinstance(event := await self.client.next(), h11.Data):
                upstream.send(event)
                await upstream.wire.drain()
            if isinstance(event, h11.EndOfMessage):
                upstream.send(h11.EndOfMessage())
        except h11.RemoteProtocolError as fault:
            self._fault = fault
            upstream.wire.abort()
        except ConnectionResetError:
            return

    async def _relay(self, upstream: Upstream) -> None:
        """Pass the answer on as it comes: what has come is sent before more is waited for."""
        out: list[bytes] = []
        silent = True
        while True:
            event = upstream.http.next_event()
            if event is h11.NEED_DATA:
                await self._flush(out)
                chunk = await self._read(upstream, silent)
                silent = silent and not chunk
                upstream.http.receive_data(chunk)
            elif isinstance(event, h11.Data):
                out.append(self.client.http.send(event) or b"")
            elif isinstance(event, h11.Response):
                out.append(self._head(event))
                self.status = event.status_code
            elif isinstance(event, h11.EndOfMessage):
                out.append(self.client.http.send(h11.EndOfMessage()) or b"")
                await self._flush(out)
                return
            elif isinstance(event, h11.InformationalResponse):
                out.append(self._informational(event))
                if event.status_code == 101:
                    await self._flush(out)
                    await self._tunnel(upstream)
                    return
            else:
                raise ConnectionResetError("the instance closed the connection")

    async def _read(self, upstream: Upstream, silent: bool) -> bytes:
        """The next bytes of the answer; NotTakenError when none began and the request may be repeated."""
        try:
            chunk = await upstream.wire.read()
        except ConnectionResetError:
            chunk = b""
            if not silent:
                raise
        if silent and not chunk:
            if http.repeatable(self.request):
                raise NotTakenError
            raise ConnectionResetError("the instance closed the connection")
        return chunk

    async def _flush(self, out: list[bytes]) -> None:
        if out:
            self.client.wire.write(b"".join(out))
            out.clear()
            await self.client.wire.drain()

    def _head(self, event: h11.Response) -> bytes:
        headers = [*http.returned(event), *self.marks]
        response = h11.Response(status_code=event.status_code, headers=headers, reason=event.reason)
        return self.client.http.send(response) or b""

    def _informational(self, event: h11.InformationalResponse) -> bytes:
        """100 was answered by ourselves; HTTP/1.0 knows none of them."""
        switching = event.status_code == 101
        if event.status_code == 100 or self.request.http_version < b"1.1":
            return b""
        headers = [*http.returned(event, switching), *(self.marks if switching else ())]
        self.status = 101 if switching else self.status
        relayed = h11.InformationalResponse(status_code=event.status_code, headers=headers, reason=event.reason)
        return self.client.http.send(relayed) or b""

    async def _tunnel(self, upstream: Upstream) -> None:
        """Pass bytes both ways until both ends have closed; one that closes alone leaves the other 30 seconds."""
        client = self.client.wire
        client.ended = None
        upstream.wire.write(self.client.http.trailing_data[0])
        client.write(upstream.http.trailing_data[0])
        pumps = [asyncio.create_task(_pump(*ends)) for ends in ((client, upstream.wire), (upstream.wire, client))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(pumps, timeout=_HALF_OPEN_LIMIT)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.wait(pumps)
            upstream.wire.close()
            client.close()

    async def _from_site(self, site: Site) -> None:
        target, _ = http.origin(self.request)
        try:
            answer = site.answer(self.request.method, target, dict(self.request.headers))
            file = answer.path.open("rb", buffering=0) if answer.path and answer.head.length else None
        except OSError:
            self.page(500, "The file cannot be read.")
            return
        head = answer.head
        headers = [*head.headers, (b"Date", files.http_date(int(time.time()))), *self.marks]
        response = h11.Response(status_code=head.status, headers=headers)
        self.status = head.status
        if file is None:
            body = (h11.Data(data=answer.text),) if answer.text else ()
            self.client.send(response, *body, h11.EndOfMessage())
            return
        with file:
            file.seek(head.start)
            await self._send_file(response, file, head.length)

    async def _send_file(self, response: h11.Response, file: FileIO, length: int) -> None:
        events: list[h11.Event] = [response]
        while length:
            chunk = file.read(min(length, _CHUNK))
            if not chunk:
                self.failed = True
                raise ConnectionResetError("the file became shorter")
            length -= len(chunk)
            events.append(h11.Data(data=chunk))
            if not length:
                events.append(h11.EndOfMessage())
            self.client.send(*events)
            events.clear()
            await self.client.wire.drain()


async def _pump(source: Wire, sink: Wire) -> None:
    try:
        while chunk := await source.read():
            sink.write(chunk)
            await sink.drain()
        sink.end()
    except ConnectionResetError:
        source.abort()
        sink.abort()


def _give_back(backend: Backend, upstream: Upstream) -> None:
    """Keep the connection if both sides have said all they had to."""
    done = upstream.http.our_state is h11.DONE and upstream.http.their_state is h11.DONE
    if done and not upstream.http.trailing_data[0]:
        upstream.http.start_next_cycle()
        backend.keep(upstream)
    else:
        upstream.wire.close()

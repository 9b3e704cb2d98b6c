"""The calls as they come over the control port."""

import asyncio
import hmac
import logging
import os

import msgspec

from webduh_console.errors import WebduhError
from webduh_console.targets.local.supervisor import values
from webduh_console.targets.local.supervisor.kernel import Kernel
from webduh_console.targets.local.supervisor.scheduling import Scheduler
from webduh_console.targets.local.supervisor.values import Failure, Reply

_LINE_LIMIT = 16 * 1024 * 1024
_SILENCE_LIMIT = 10.0
_log = logging.getLogger("webduh.supervisor")


class Control:
    """Answers calls on 127.0.0.1 to whoever knows the token. `ending` is set when one asked for the end."""

    def __init__(self, kernel: Kernel, token: str, scheduler: Scheduler) -> None:
        self._kernel, self._token, self._scheduler = kernel, token, scheduler
        self._server: asyncio.Server
        self.ending = asyncio.Event()
        self._grace = 10.0

    async def open(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LINE_LIMIT, backlog=256)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Listen no more."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's calls, one after the other."""
        try:
            while (request := await self._next(reader)) is not None:
                writer.write(msgspec.json.encode(await self._reply(request.call)) + b"\n")
                await writer.drain()
                if isinstance(request.call, values.Shutdown):
                    self.ending.set()
        except (OSError, asyncio.CancelledError):
            return  # Who asked is gone; what was asked for was done all the same.
        finally:
            writer.close()

    async def _next(self, reader: asyncio.StreamReader) -> values.Request | None:
        try:
            async with asyncio.timeout(_SILENCE_LIMIT):
                line = await reader.readline()
            request = msgspec.json.decode(line, type=values.Request)
        except (TimeoutError, ValueError):
            return None
        known = hmac.compare_digest(request.token.encode(), self._token.encode())
        return request if known else None

    async def _reply(self, call: values.Call) -> Reply:
        try:
            return Reply(msgspec.Raw(msgspec.json.encode(await self._do(call))))
        except WebduhError as error:
            return Reply(failure=Failure(error.what, error.why, error.kept, error.hint))
        except Exception as error:  # noqa: BLE001 - it is logged whole, and told; one call may not end the supervisor
            _log.exception("%s failed", type(call).__name__)
            return Reply(failure=Failure("The local supervisor failed.", f"{error!r}.", "", "Its log says more."))

    async def _do(self, call: values.Call) -> object:
        """Carry a call out; its answer, None where there is nothing to say."""
        kernel = self._kernel
        match call:
            case values.Ping():
                return os.getpid()
            case values.Start(spec):
                return await kernel.start(values.from_wire(spec))
            case values.Get(name):
                return kernel.get(name)
            case values.List():
                return kernel.instances()
            case values.Routes():
                return kernel.routes()
            case values.Drain(name, seconds):
                return await kernel.drain(name, seconds)
            case values.Open(slug, port):
                return await kernel.open(slug, port)
            case values.Samples(since):
                return kernel.samples(since)
            case values.Keep(name):
                kernel.keep(name)
            case values.Stop(name, grace):
                await kernel.stop(name, grace)
            case values.Switch(slug, release, instances, probe):
                kernel.switch(slug, release, instances, probe)
            case values.Close(slug):
                await kernel.close(slug)
            case values.SetSchedules(slug, schedules):
                own = tuple(msgspec.structs.replace(s, spec=values.from_wire(s.spec)) for s in schedules)
                self._scheduler.set(slug, own)
            case values.RunNow(slug, name, by):
                return await self._scheduler.run_now(slug, name, by)
            case values.Plans():
                return self._scheduler.planned()
            case values.Shutdown(grace):
                await self._scheduler.close()
                await kernel.shutdown(grace)
                await self._scheduler.closed()
        return None

"""A server of the town in a thread of its own: for tests, and for everything that needs several of them in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

LEAVE_WITHIN = 0.5
"""Seconds that requests under way have when the server stops."""

START_WITHIN = 20.0
"""Seconds a server may take to come up; a loaded machine is slow, and a server that hangs must not hang its tests."""


class Line(H11Protocol):
    """One connection. Its transport goes along in the scope's state, so that a fault can cut it (see `sandbox.faults`)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it as well
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class Prompt(uvicorn.Server):
    """A server that leaves when told, instead of looking ten times a second whether it should; and that can refuse to be reached.

    `bind` gives a new socket on the server's address each time it is called.
    """

    def __init__(self, config: uvicorn.Config, bind: Callable[[], socket.socket]) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bind = bind
        self._opening: asyncio.Task[None] | None = None
        self._wanted = True  # whether it should listen, by the newest word

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        self._loop = asyncio.get_running_loop()
        self.lifespan.state["server"] = self  # for sandbox.faults, as the transport is
        await super().startup(sockets or [self._bind()])

    async def main_loop(self) -> None:
        """Serve until told to leave."""
        if not await self.on_tick(0):
            await self._told.wait()

    def refuse(self) -> None:
        """Listen no more: who connects is refused, and kept connections end. Answers under way still go out. In the server's own thread."""
        self._wanted = False
        for listener in self.servers:
            listener.close()
        self.servers.clear()
        for connection in list(self.server_state.connections):
            connection.shutdown()

    def listen(self) -> None:
        """Listen again; harmless when it does. In the server's own thread."""
        self._wanted = True
        if not self.servers and not self.should_exit and self._opening is None:
            self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        line = partial(Line, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        listener = await asyncio.get_running_loop().create_server(line, sock=self._bind(), backlog=self.config.backlog)
        self._opening = None
        if self._wanted and not self.should_exit:
            self.servers.append(listener)
        else:
            listener.close()

    async def _in_own_thread(self, act: Callable[[], None]) -> None:
        act()
        if self._opening is not None:
            await self._opening

    def refuse_from_any_thread(self) -> None:
        """The same from outside; returns once nothing listens."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._in_own_thread(self.refuse), self._loop).result(START_WITHIN)

    def listen_from_any_thread(self) -> None:
        """The same from outside; returns once it listens. Harmless when the server has left."""
        assert self._loop is not None
        if self._loop.is_closed() or self.should_exit:
            return
        asyncio.run_coroutine_threadsafe(self._in_own_thread(self.listen), self._loop).result(START_WITHIN)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let answers that are under way go out, cut what hangs, and close."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = list(self.server_state.tasks)
        if tasks:
            _, hanging = await asyncio.wait(tasks, timeout=LEAVE_WITHIN)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # closed transports take leave in the next round

    def leave(self) -> None:
        """Tell it, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # its loop is closed: it has left already
                self._loop.call_soon_threadsafe(self._told.set)


class Served:
    """An application served on loopback: `with Served(app) as served: requests.get(served.url)`.

    `port` 0 takes a free one. The socket is bound when the object is made, so `url` is true from then on, and OSError says that
    the port is taken.
    """

    def __init__(self, app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> None:
        self._host, self.port = host, port
        self._holds = self._bind()  # never listens: it keeps the port ours while the server refuses
        self.port = self._holds.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        options: dict[str, Any] = {
            "log_config": None,
            "access_log": False,
            "lifespan": "off",
            "loop": "asyncio",  # the same whether or not a quicker one happens to be installed
            "date_header": False,
            "timeout_keep_alive": 60,  # uvicorn closes after 5 s, just when a demo that polls every 5 s asks again
        }
        self._server = Prompt(uvicorn.Config(app, http=Line, ws="none", server_header=False, **options), self._bind)
        self._thread = threading.Thread(target=self._server.run, name=f"town:{self.port}", daemon=True)

    def _bind(self) -> socket.socket:
        # The protocol is named, or asyncio leaves Nagle on.
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((self._host, self.port))
        except OSError:
            bound.close()
            raise
        return bound

    def start(self) -> Self:
        """Serve; returns once requests are answered."""
        self._thread.start()
        deadline = time.monotonic() + START_WITHIN
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the server on {self.url} did not come up")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop serving and free the port. Requests that hang are cut. Harmless when it never started."""
        self._server.leave()
        if self._thread.ident is not None:
            self._thread.join(START_WITHIN)
        self._holds.close()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Inside, nothing listens at `url`: connections are refused, as they are by a machine whose service is down."""
        self._server.refuse_from_any_thread()
        try:
            yield
        finally:
            self._server.listen_from_any_thread()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

"""The service: pages and what does the due work, in one process, begun together and ended together."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn

from desk.web.app import App, create_app
from desk.wiring import House
from desk.works import LAST_WORK, choose_works

LAST_ANSWERS = 1
"""Seconds that pages under way get to finish."""

_log = structlog.get_logger()


class Pages(uvicorn.Server):
    """uvicorn, telling the app at once when the end begins, so that open inboxes let go, and leaving the signals to us."""

    def __init__(self, app: App, begun: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",  # the same whether or not quicker ones happen to be installed
                http="h11",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=LAST_ANSWERS,
            )
        )
        self._app = app
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._begun()

    def end(self) -> None:
        """Begin the end: callable from any thread, as often as one likes."""
        self._app.state.closing.set()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: begin the end."""
        del sig, frame
        self.end()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM while serving. uvicorn's own would raise them again afterwards and cut our ending short."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, one in before.items():
                signal.signal(number, one)


class Service:
    """A house with its lights on: pages, and what does the due work, unless others do that."""

    def __init__(self, house: House, begun: Callable[[], None] = lambda: None, *, works: bool = True) -> None:
        self.house = house
        self.works = choose_works(house) if works else None
        self.pages = Pages(create_app(house), begun)
        self.gave_up = False

    def run(self, listening: socket.socket) -> None:
        """Serve and work until a signal or `end`. Work that hangs is left behind; whoever called must not wait for its thread."""
        if self.works:
            self.works.start()
        try:
            self.pages.run(sockets=[listening])
        finally:
            left = self.works.end(LAST_WORK) if self.works else ()
            listening.close()
            if left:
                _log.warning("ended in the middle of work; the next start finds it", work=", ".join(left))
            else:
                self.house.close()

    def end(self) -> None:
        """Begin the end, from any thread."""
        self.pages.end()

    def give_up(self) -> None:
        """Begin the end because something the service stands on is gone; `gave_up` says so afterwards."""
        self.gave_up = True
        self.end()

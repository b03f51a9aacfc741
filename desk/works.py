"""What does the due work of a house: the ticker on a file, a worker on a server; alone, or beside the pages."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Protocol

import structlog

from desk.wiring import House

LAST_WORK = timedelta(seconds=1)
"""What is left of the three seconds in which Ctrl-C must be over."""

_log = structlog.get_logger()


class Works(Protocol):
    """Does due work in threads of its own."""

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def end(self, patience: timedelta) -> tuple[str, ...]:
        """Begin nothing new; the names of what still runs after `patience`."""
        ...


def choose_works(house: House) -> Works:
    """A worker beside any number of others where the base is on a server, the one ticker where it is a file."""
    if house.settings.on_server:
        from desk.scaled.worker import Worker

        return Worker(house)
    from desk.ticker import Ticker

    return Ticker(house)


def work_until_told(house: House, works: Works, begun: Callable[[], None]) -> None:
    """Work, without any pages, until SIGINT or SIGTERM. Work that hangs is left behind; whoever called must not wait for its thread."""
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        works.start()
        begun()
        told.wait()
        if left := works.end(LAST_WORK):
            _log.warning("ended in the middle of work; other workers take it up", work=", ".join(left))
        else:
            house.close()
    finally:
        for number, one in before.items():
            signal.signal(number, one)

"""Telling open pages that something changed: one look at the pulse per second, however many pages are open."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable

from fastapi.concurrency import run_in_threadpool

from storage.engine import BaseUnavailable

EVERY = 1.0  # seconds between looks
STEP = 0.25  # seconds: how soon an open page notices that the service ends
HEARTBEAT = 15.0  # seconds: keeps proxies from closing a silent line
LONGEST = 900.0  # seconds; the browser then asks anew, and is asked who it is
MOST = 100  # open pages at once
AGAIN_LATER = (
    "retry: 15000\n\n"  # milliseconds: while the base cannot be read, open pages need not ask every two seconds
)


class Pulse:
    """The base's pulse, read at most once per `EVERY` seconds."""

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._seen = (float("-inf"), 0)

    def look(self) -> int:
        """The pulse, at most `EVERY` seconds old."""
        with self._lock:
            if time.monotonic() - self._seen[0] >= EVERY:
                self._seen = (time.monotonic(), self._read())
            return self._seen[1]


class Line:
    """The open lines to browsers. `closing` ends them all."""

    def __init__(self, pulse: Pulse, closing: threading.Event) -> None:
        self.pulse = pulse
        self.closing = closing
        self.open = 0

    @property
    def is_full(self) -> bool:
        """Whether no more pages can be told."""
        return self.open >= MOST

    async def tell(self) -> AsyncIterator[str]:
        """Events in the wire format of server-sent events: `changed` at every change, comments in between."""
        self.open += 1
        try:
            known = await run_in_threadpool(self.pulse.look)
            began = spoke = time.monotonic()
            yield "retry: 2000\n: listening\n\n"
            while not self.closing.is_set() and time.monotonic() - began < LONGEST:
                await asyncio.sleep(STEP)
                pulse = await run_in_threadpool(self.pulse.look)
                if pulse != known:
                    known, spoke = pulse, time.monotonic()
                    yield f"event: changed\ndata: {pulse}\n\n"
                elif time.monotonic() - spoke > HEARTBEAT:
                    spoke = time.monotonic()
                    yield ": still here\n\n"
        except BaseUnavailable:
            yield AGAIN_LATER  # the page that is asked for next says why
        finally:
            self.open -= 1

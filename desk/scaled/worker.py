"""A worker: takes jobs from the queue and does them in threads, many at once, until it is told to end.

A server that goes away is waited for; when it is back the worker begins anew under a new number, and what it was at is put right as
if it had died.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker as Hands
from psycopg import AsyncConnection
from psycopg import Error as ServerError

from desk.clock import ClockWatch
from desk.scaled.app import open_app
from desk.scaled.jobs import HEARTBEAT, QUEUE, STALLED
from desk.scaled.lifeline import hold_on, open_lifeline
from desk.scaled.sweeping import keep_sweeping
from desk.setback import put_right, watch_clock
from desk.wiring import House
from desk.work import DUE_WORK, DueWork
from storage.engine import BaseUnavailable

MOST_AT_ONCE = 40
"""Jobs at once, at most. At most one job for each kind, source and account can run, so few houses need as many."""
SPARE = 4
"""Threads for what is no job: sweeping, ticking."""
LOOK_EVERY = 1.0
"""Seconds between looks at the queue where no notice arrives, as behind some connection poolers."""
AGAIN = 1.0
"""Seconds to wait before the server is tried again."""

Away = (ConnectorException, ServerError, BaseUnavailable)

log = structlog.get_logger()


class Worker:
    """Does the due work of a house, beside any number of others. `start` and `end` are called once each."""

    def __init__(self, house: House, works: Sequence[DueWork] = DUE_WORK, clock: ClockWatch | None = None) -> None:
        self._house = house
        self._works = works
        self._clock = clock or ClockWatch()
        self._at_once = min(MOST_AT_ONCE, len(works) + len(house.sources) + len(house.publishers) + 1)
        self._threads = ThreadPoolExecutor(self._at_once + SPARE, thread_name_prefix="work")
        self._busy: list[str] = []
        self._told: bool | None = None
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._threads)
        self._loop.set_exception_handler(_hear)
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin to work; does not wait for the server."""
        quieten()
        self._thread.start()

    def end(self, patience: timedelta) -> tuple[str, ...]:
        """Take nothing new, wait for what runs; the names of the work still running after `patience`.

        Leaving it behind is safe: other workers notice within seconds, and look at the base for what was done.
        """
        with suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(patience.total_seconds())
        self._threads.shutdown(wait=False)
        return tuple(sorted(self._busy)) if self._thread.is_alive() else ()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._keep_working())
        finally:
            # A look that was called off goes on in its thread for a moment, with a connection that must be given back.
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _keep_working(self) -> None:
        while not self._ending.is_set():
            try:
                async with await open_lifeline(self._house.settings.database_url) as line:
                    app = open_app(self._house, self._works, self._around)
                    async with app.open_async():
                        await self._work(app, line)
            except Away as away:
                self._tell(works=False, why=_first_line(away))
            except Exception:
                log.exception("the worker failed in a way we did not foresee, and begins anew")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), AGAIN)

    async def _work(self, app: App, line: AsyncConnection[Any]) -> None:
        """Work until told to end, or until the connection breaks; what runs then is waited for."""
        hands = Hands(
            app,
            queues=[QUEUE],
            name=QUEUE,
            concurrency=self._at_once,
            fetch_job_polling_interval=LOOK_EVERY,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
            delete_jobs="always",
        )
        work = asyncio.create_task(hands.run())  # type: ignore[no-untyped-call]  # procrastinate gives it no types
        parts = [
            work,
            asyncio.create_task(hold_on(line, hands)),
            asyncio.create_task(keep_sweeping(app, self._house)),
            asyncio.create_task(self._keep_watch()),
            asyncio.create_task(self._ending.wait()),
        ]
        self._tell(works=True)
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        for part in done:
            await part  # raises what ended it
        if work in done and not self._ending.is_set():
            raise BaseUnavailable("the connection to the queue broke")

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            await asyncio.to_thread(watch_clock, self._clock, self._house)

    def _around(self, name: str, work: Callable[[], object]) -> None:
        self._busy.append(name)
        try:
            if put_right(self._clock, self._house) is not None:
                work()
        finally:
            self._busy.remove(name)

    def _tell(self, *, works: bool, why: str = "") -> None:
        if works == self._told or (self._ending.is_set() and not works):
            return
        self._told = works
        if works:
            log.info("this worker does the work that is due")
        else:
            log.warning("the worker waits for the database server; it goes on by itself", why=why)


def _first_line(error: BaseException) -> str:
    """What the server or the driver said; procrastinate's own exceptions say nothing of it."""
    return (str(error.__cause__ or error).strip() or type(error).__name__).partition("\n")[0]


def _hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What went wrong where nobody waited for it: of a broken connection we have told already."""
    if not isinstance(context.get("exception"), Away):
        loop.default_exception_handler(context)


def quieten() -> None:
    """Keep the libraries from telling every job, and every attempt at a server that is away, in their own words."""
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    for name in ("procrastinate.worker", f"procrastinate.worker.{QUEUE}"):
        logger = logging.getLogger(name)
        if _no_news not in logger.filters:
            logger.addFilter(_no_news)


def _no_news(line: logging.LogRecord) -> bool:
    error = line.exc_info[1] if line.exc_info else None
    return not isinstance(error, Away)

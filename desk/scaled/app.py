"""What procrastinate is told: one function for each kind of due work, one that polls a single source, and the tick that finds both.

Every function runs in a thread of its own and never raises: a failure is in the base and in the log, and the next tick tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from desk.clock import utc_now
from desk.scaled.jobs import POLL, QUEUE, TICK, options_of, task_of
from desk.scaled.lifeline import ANSWER_WITHIN, LIVELINESS
from desk.wiring import House
from desk.work import DueWork, do_work, poll_one
from storage.engine import BaseUnavailable

CONNECTIONS = 4
"""For everything that a worker says to the queue; its work has connections of its own."""
_log = structlog.get_logger()

Around = Callable[[str, Callable[[], object]], object]


def open_app(house: House, works: Sequence[DueWork], around: Around) -> App:
    """An App for one worker. Whatever it runs is run by `around`, which is told its name."""
    connector = PsycopgConnector(
        conninfo=house.settings.database_url,
        kwargs=LIVELINESS,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=ANSWER_WITHIN,
    )
    app = App(connector=connector)
    for work in works:
        if work.name != POLL:
            _add_work(app, house, work, around)
    _add_poll(app, house, around)
    _add_tick(app, house, works)
    return app


def _add_work(app: App, house: House, work: DueWork, around: Around) -> None:
    @app.task(name=task_of(work.name), queue=QUEUE)
    def do() -> None:
        around(work.name, lambda: do_work(work, house, utc_now(), _log))


def _add_poll(app: App, house: House, around: Around) -> None:
    @app.task(name=task_of(POLL), queue=QUEUE)
    def poll(key: str) -> None:
        one = DueWork(POLL, lambda house, now: poll_one(house, key, now))
        around(f"{POLL} {key}", lambda: do_work(one, house, utc_now(), _log))


def _add_tick(app: App, house: House, works: Sequence[DueWork]) -> None:
    """The tick of all workers together: procrastinate lets one of them have it. It only queues, so that nothing holds it up."""
    kinds = [work.name for work in works if work.name != POLL]
    options = options_of(TICK)
    options.pop("task_kwargs")

    @app.periodic(cron=cron_of(house.settings.service.tick), **options)
    @app.task(name=task_of(TICK), queue=QUEUE)
    async def tick(timestamp: int) -> None:
        del timestamp
        for work in kinds:
            await defer(app, work)
        try:
            due = await asyncio.to_thread(house.casebook.sources.due, utc_now())
        except BaseUnavailable as unavailable:
            _log.warning("work waits for the database", work=POLL, why=unavailable.why)
            return
        for source in due:
            if source.key in house.sources:
                await defer(app, POLL, source.key)


async def defer(app: App, work: str, key: str = "") -> None:
    """Queue a job unless one of its kind waits already."""
    with suppress(AlreadyEnqueued):
        await app.configure_task(task_of(work), **options_of(work, key)).defer_async()


def cron_of(tick: timedelta) -> str:
    """The ticks as cron says them, with seconds at the end: every so many seconds, a divisor of sixty not longer than `tick`."""
    seconds = max(each for each in range(1, 61) if 60 % each == 0 and each <= max(1.0, tick.total_seconds()))
    return "* * * * * 0" if seconds == 60 else f"* * * * * */{seconds}"

"""What procrastinate is told: one function for each kind of due work, and the tick that finds for whom there is some.

Every function runs in a thread of its own and never raises: a failure is in the base and in the log, and the next tick tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from desk.clock import utc_now
from desk.scaled.jobs import KEYED, POLL, POST, QUEUE, TICK, options_of, task_of
from desk.scaled.lifeline import ANSWER_WITHIN, LIVELINESS
from desk.wiring import House
from desk.work import DueWork, do_work, poll_one, post_for
from storage.engine import BaseUnavailable

CONNECTIONS = 4
"""For everything that a worker says to the queue; its work has connections of its own."""
_log = structlog.get_logger()

ONE: Mapping[str, Callable[[House, str, datetime], int]] = {POLL: poll_one, POST: post_for}
"""How the keyed kinds are done for one key."""

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
        if work.name in KEYED:
            _add_keyed(app, house, work.name, around)
        else:
            _add_work(app, house, work, around)
    _add_tick(app, house, works)
    return app


def _add_work(app: App, house: House, work: DueWork, around: Around) -> None:
    @app.task(name=task_of(work.name), queue=QUEUE)
    def do() -> None:
        around(work.name, lambda: do_work(work, house, utc_now(), _log))


def _add_keyed(app: App, house: House, name: str, around: Around) -> None:
    @app.task(name=task_of(name), queue=QUEUE)
    def do(key: str) -> None:
        one = DueWork(name, lambda house, now: ONE[name](house, key, now))
        around(f"{name} {key}", lambda: do_work(one, house, utc_now(), _log))


def _add_tick(app: App, house: House, works: Sequence[DueWork]) -> None:
    """The tick of all workers together: procrastinate lets one of them have it. It only queues, so that nothing holds it up."""
    names = {work.name for work in works}
    options = options_of(TICK)
    options.pop("task_kwargs")
    at_it = asyncio.Lock()

    @app.periodic(cron=cron_of(house.settings.service.tick), **options)
    @app.task(name=task_of(TICK), queue=QUEUE)
    async def tick(timestamp: int) -> None:
        del timestamp
        if at_it.locked():
            return  # on a machine that is busy one tick may meet the next; it has no lock, for a dead worker would keep it
        async with at_it:
            await look_around()

    async def look_around() -> None:
        try:
            keyed = await asyncio.to_thread(_find_keys, house, utc_now())
        except BaseUnavailable as unavailable:
            _log.warning("work waits for the database", work=TICK, why=unavailable.why)
            return
        for work, key in [*keyed, *((name, "") for name in sorted(names - KEYED))]:
            if work in names:
                await defer(app, work, key)


def _find_keys(house: House, now: datetime) -> list[tuple[str, str]]:
    """What is due for which account and source, replies first."""
    accounts = [(POST, f"{brand}:{place}") for brand, place in house.casebook.replies.due_accounts(now)]
    return accounts + [(POLL, state.key) for state in house.casebook.sources.due(now) if state.key in house.sources]


async def defer(app: App, work: str, key: str = "") -> None:
    """Queue a job unless one of its kind waits already."""
    with suppress(AlreadyEnqueued):
        await app.configure_task(task_of(work), **options_of(work, key)).defer_async()


def cron_of(tick: timedelta) -> str:
    """The ticks as cron says them, with seconds at the end: every so many seconds, a divisor of sixty not longer than `tick`."""
    seconds = max(each for each in range(1, 61) if 60 % each == 0 and each <= max(1.0, tick.total_seconds()))
    return "* * * * * 0" if seconds == 60 else f"* * * * * */{seconds}"

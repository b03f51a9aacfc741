"""What dead workers left behind. Every worker looks after it, every second; nothing here is needed for safety, only for being quick.

A job that runs when its worker dies stays "running" and holds its lock: nothing of its kind would ever run again. Putting it back into
the queue, as procrastinate's own recipe does, fails for good where another of its kind waits by then (procrastinate, issue 1446). So
a poll is simply given up, and its source with it, for the next tick to find; other work is put back, each job by itself, and given
up where one waits already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from psycopg.errors import RaiseException

from desk.scaled.jobs import POLL, QUEUE, STALLED, TICK, task_of
from desk.scaled.lifeline import bury_dead
from desk.wiring import House

EVERY = 1.0
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""By anybody's clock: a job that waits for a later time keeps all after it waiting too."""

_log = structlog.get_logger()


async def keep_sweeping(app: App, house: House) -> None:
    """Sweep until cancelled. Raises what the connection raises."""
    while True:
        await asyncio.sleep(EVERY)
        await sweep(app, house)


async def sweep(app: App, house: House) -> int:
    """Put right every job whose worker is dead; how many there were."""
    await bury_dead(app)
    if not await _stalled(app):
        return 0
    # In this order: the fence read now is that of the dead worker's claim, or of an older one, since a job still
    # running afterwards has kept every other poll of its source away.
    fences = await asyncio.to_thread(_fences, house)
    left = await _stalled(app)
    for job in left:
        await put_right(app, house, job, fences)
    return len(left)


async def _stalled(app: App) -> list[Job]:
    return list(await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED))


def _fences(house: House) -> dict[str, int]:
    return {state.key: state.fence for state in house.casebook.sources.all()}


async def put_right(app: App, house: House, job: Job, fences: Mapping[str, int]) -> None:
    """Let go of one dead worker's job, and of the source that it polled. Harmless when another worker was quicker."""
    key = str(job.task_kwargs.get("key", ""))
    try:
        if job.task_name == task_of(POLL):
            if key in fences:
                await asyncio.to_thread(house.casebook.sources.free, key, fences[key])
            await _give_up(app, job)
        elif job.task_name == task_of(TICK):
            await _give_up(app, job)
        else:
            await _put_back(app, job)
    except ConnectorException as refused:
        if not isinstance(refused.__cause__, RaiseException):
            raise
        return  # it is not running any more: another worker put it right, or its own has come back
    _log.info("a worker died; what it was doing is taken up by others", job=job.task_name, key=key)


async def _give_up(app: App, job: Job) -> None:
    await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)


async def _put_back(app: App, job: Job) -> None:
    try:
        await app.job_manager.retry_job(job, retry_at=LONG_AGO)
    except UniqueViolation:  # one of its kind waits by now, and will find the same work
        await _give_up(app, job)

"""What dead workers left behind. Every worker looks after it, every second; nothing here is needed for safety, only for being quick.

A job that runs when its worker dies stays "running" and holds its lock: nothing of its kind would ever run again. Putting it back into
the queue, as procrastinate's own recipe does, fails for good where another of its kind waits by then (procrastinate, issue 1446). So
a poll is simply given up, and its source with it, for the next tick to find; other work is put back, each job by itself, and given
up where one waits already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
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

HANGS = 900
"""Seconds after which work is taken to hang, though its worker lives: every request of ours ends long before."""
_HANGING = f"""
    SELECT job.id, job.task_name FROM procrastinate_jobs AS job JOIN procrastinate_events AS event ON event.job_id = job.id
    WHERE job.status = 'doing' AND job.queue_name = '{QUEUE}' AND event.type = 'started'
    GROUP BY job.id HAVING max(event.at) < now() - interval '{HANGS} seconds'
"""  # noqa: S608 - a name and a number of ours

_log = structlog.get_logger()


async def keep_sweeping(app: App, house: House) -> None:
    """Sweep until cancelled. Raises what the connection raises."""
    while True:
        await asyncio.sleep(EVERY)
        await sweep(app, house)


async def sweep(app: App, house: House) -> int:
    """Put right every job whose worker is dead; how many there were."""
    await bury_dead(app)
    await _give_up_hanging(app)
    before = {job.id for job in await _stalled(app)}
    if not before:
        return 0
    # A poll that was cut off already before the fences are read, and is not put right yet after it, has kept every other poll
    # of its source away all the time: the fence is that of its own claim, or of an older one. What was cut off only
    # meanwhile may hold a newer claim, and is left to the next look.
    fences = await asyncio.to_thread(_fences, house)
    left = [job for job in await _stalled(app) if job.id in before]
    polled = {key: fences[key] for key in map(_key_of, left) if key in fences}
    if polled:
        await asyncio.to_thread(house.casebook.sources.free, polled)
    for job in left:
        await put_right(app, job)
    return len(left)


async def _stalled(app: App) -> list[Job]:
    return list(await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED))


def _fences(house: House) -> dict[str, int]:
    return {state.key: state.fence for state in house.casebook.sources.all()}


def _key_of(job: Job) -> str:
    """The source that a job polls; empty for other jobs."""
    return str(job.task_kwargs.get("key", "")) if job.task_name == task_of(POLL) else ""


async def put_right(app: App, job: Job) -> None:
    """Let go of one dead worker's job. Harmless when another worker was quicker."""
    lost = job.task_name in (task_of(POLL), task_of(TICK))
    if await (_give_up(app, job.id) if lost else _put_back(app, job)):
        _log.info("a worker died; what it was doing is taken up by others", job=job.task_name, of=_key_of(job))


async def _give_up_hanging(app: App) -> None:
    for job in await app.connector.execute_query_all_async(_HANGING):
        if await _give_up(app, job["id"]):
            _log.warning("work hangs; it is given up, and others take it up", job=job["task_name"])


async def _give_up(app: App, job: int | None) -> bool:
    """Take a job out of the queue; False when it was not running any more: another was quicker, or its own worker has come back."""
    assert job is not None
    return await _if_running(app.job_manager.finish_job_by_id_async(job, status=Status.FAILED, delete_job=True))


async def _put_back(app: App, job: Job) -> bool:
    """The same, putting it back to wait; given up where one of its kind waits by now, which will find the same work."""
    try:
        return await _if_running(app.job_manager.retry_job(job, retry_at=LONG_AGO))
    except UniqueViolation:
        return await _give_up(app, job.id)


async def _if_running(act: Awaitable[None]) -> bool:
    try:
        await act
    except ConnectorException as refused:
        if isinstance(refused.__cause__, RaiseException):
            return False
        raise
    return True

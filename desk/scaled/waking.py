"""Waking the workers from inside our own transaction: the job is there if and only if what it is for is there.

A wake-up can be missed: when a job of its kind waits already none is added, and a worker may take that one before our commit. Nothing
is lost by it: the next tick looks anyway.
"""

from __future__ import annotations

import json
from collections.abc import Collection

import structlog

from desk.scaled.jobs import KEYED, QUEUE, TICK, options_of, task_of
from storage.casebook import Wake
from storage.engine import Connection

_JOB = "ROW(%s, %s, %s, %s, %s, %s::jsonb, NULL)::procrastinate_job_to_defer_v1"

_log = structlog.get_logger()


def open_wake() -> Wake:
    """A wake-up for a Casebook on PostgreSQL. It speaks through the transaction's own connection, once, and never breaks it."""

    def wake(connection: Connection, makes: Collection[str]) -> None:
        jobs = [_job(work) for work in sorted({TICK if work in KEYED else work for work in makes})]
        asked = f"SELECT amends_wake(ARRAY[{', '.join([_JOB] * len(jobs))}])"
        failure = connection.exec_driver_sql(asked, tuple(value for job in jobs for value in job)).scalar_one()
        if failure:
            _log.warning(
                "the workers could not be woken; the next tick finds the work", work=", ".join(makes), why=failure
            )

    return wake


def _job(work: str) -> tuple[str | int | None, ...]:
    options = options_of(work)
    args = json.dumps(options.get("task_kwargs", {}))
    return QUEUE, task_of(work), options["priority"], options.get("lock"), options["queueing_lock"], args

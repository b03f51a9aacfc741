"""Waking the workers from inside our own transaction: the job is there if and only if what it is for is there.

A wake-up can be missed: when a job of its kind waits already none is added, and a worker may take that one before our commit. Nothing
is lost by it: the next tick looks anyway.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from desk.scaled.jobs import KEYED, TICK, options_of, task_of
from storage.casebook import Wake
from storage.engine import Connection

_log = structlog.get_logger()


def open_wake() -> Wake:
    """A wake-up for a Casebook on PostgreSQL. It speaks through the transaction's own connection and opens none itself."""
    app = App(connector=SyncPsycopgConnector())

    def wake(connection: Connection, makes: Collection[str]) -> None:
        for work in sorted({TICK if work in KEYED else work for work in makes}):
            _defer(app, connection, work)

    return wake


def _defer(app: App, connection: Connection, work: str) -> None:
    raw = connection.connection.driver_connection
    # Where such a job waits already the INSERT fails, and with it the whole transaction, were it not for the savepoint.
    savepoint = connection.begin_nested()
    try:
        app.configure_task(task_of(work), connection=raw, **options_of(work)).defer()
    except AlreadyEnqueued:
        savepoint.rollback()
    except ConnectorException as failed:
        savepoint.rollback()  # raises when the connection is gone, and then nothing was stored at all
        _log.warning(
            "the workers could not be woken; the next tick finds the work", work=work, why=str(failed.__cause__)
        )
    else:
        savepoint.commit()

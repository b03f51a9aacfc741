"""PostgreSQL, opened so that it keeps the promises that SQLite keeps: one writer after another, durable, and no wait for ever.

Every write transaction takes one lock before it says anything else, so that no two of them are ever under way at once and each sees
all that was committed before it. docs/adr/0016 tells why that, and not row locks or SERIALIZABLE.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from storage.troubles import BaseUnavailable, unavailable
from storage.waits import BUSY_SECONDS, CONNECT_SECONDS, IDLE_SECONDS, MORE, POOL, READS, STATEMENT_SECONDS

WRITER = int.from_bytes(b"amends", "big")
"""The number of the writers' lock. Advisory locks belong to one database, so houses on one server do not meet."""

_SESSION = {
    "lock_timeout": f"{BUSY_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "TimeZone": "UTC",
    "jit": "off",  # our queries are short: compiling them takes longer than running them
}

_DURABLE = (
    # A claim must be on disk before its request begins, whatever the server's administrator chose for others.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)


def open_postgres(url: str) -> Engine:
    """An engine for postgresql://… Raises BaseUnavailable where the driver is not installed."""
    try:
        engine = create_engine(
            url,
            hide_parameters=True,  # customers' words do not belong into logs
            pool_pre_ping=True,
            pool_size=POOL,
            max_overflow=MORE,
            pool_timeout=BUSY_SECONDS,
            isolation_level="READ COMMITTED",  # behind the lock, every statement sees all that was committed before it
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "amends"},
        )
    except ModuleNotFoundError as missing:
        raise BaseUnavailable(
            f"PostgreSQL needs {missing.name}, which is not installed. Run: pip install 'amends[scale]'"
        ) from missing
    assert engine.dialect.dbapi is not None
    _set_up_each(engine, engine.dialect.dbapi.Error)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up_each(engine: Engine, trouble: type[Exception]) -> None:
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())

    def set_up(raw: Any, _: Any) -> None:
        try:
            raw.autocommit = True  # what is set in a transaction would go with its rollback
            raw.execute(f"SELECT {settings}")
            raw.execute(_DURABLE)
            raw.autocommit = False
        except trouble as error:
            raise unavailable(error) from error

    event.listen(engine, "connect", set_up)


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get(READS, False):
        # After a reading transaction SQLAlchemy says "read write", which would override an administrator who allows no writes.
        connection.connection.driver_connection.read_only = None  # type: ignore[union-attr]  # it is open
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")


def take_time(connection: Connection) -> None:
    """Let this one transaction last as long as it must: a migration, a check of everything."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")

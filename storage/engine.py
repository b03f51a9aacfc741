"""Opening the base so that it keeps its promises, on SQLite and on PostgreSQL alike.

SQLite: WAL, FULL, foreign keys, and every write begun IMMEDIATE. PostgreSQL: every write takes one lock first, so that there too
one writer follows another (docs/adr/0016 says why), commits are durable, and no wait lasts for ever.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree

from storage.postgres import open_postgres, take_time
from storage.same_file import GONE, MISSING, SameFile
from storage.storable import make_storable
from storage.troubles import BUSY, BaseUnavailable, Doubtful, Interrupted, is_lost, is_no_mistake, unavailable
from storage.waits import BUSY_SECONDS, MORE, POOL, READS

__all__ = [
    "BaseUnavailable",
    "Connection",
    "Doubtful",
    "Engine",
    "Interrupted",
    "explained",
    "is_sqlite",
    "open_engine",
    "reading",
    "set_wal",
    "take_time",
    "writing",
]
# Engine and Connection too: other rooms name the types from here.

FILE = "amends_file"
TURN = "amends_turn"


def is_sqlite(url: str) -> bool:
    """Whether this URL names an SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def open_engine(url: str) -> Engine:
    """An engine for a URL such as sqlite:////var/lib/amends/amends.sqlite or postgresql://… Raises BaseUnavailable."""
    engine = _open_sqlite(url) if is_sqlite(url) else open_postgres(url)
    event.listen(engine, "before_cursor_execute", make_storable, retval=True)
    engine.update_execution_options(**{TURN: threading.Lock()})
    return engine


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # customers' words do not belong into logs
        pool_size=POOL,
        max_overflow=MORE,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _watch_file(engine)
    return engine


def _watch_file(engine: Engine) -> None:
    name = (engine.url.database or "").removeprefix("file:")
    if not name or ":memory:" in name:
        return
    file = SameFile(name)

    def open_only(*_: Any) -> None:
        if not os.path.exists(name):  # SQLite would make a new one, with nothing in it
            raise BaseUnavailable(MISSING)

    def opened(*_: Any) -> None:
        if not file.is_same():
            raise BaseUnavailable(GONE)

    engine.update_execution_options(**{FILE: file})
    event.listen(engine, "do_connect", open_only)
    event.listen(engine, "connect", opened)
    event.listen(engine, "close", lambda *_: file.closed())
    event.listen(engine, "engine_disposed", lambda *_: file.forget())


def _set_up_sqlite(raw: sqlite3.Connection, _: Any) -> None:
    raw.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another wrote meanwhile, busy_timeout or not.
    options = connection.get_execution_options()
    reads, file = options.get(READS, False), options.get(FILE)
    if file is not None and not (file.is_same() if reads else file.is_whole()):
        raise BaseUnavailable(GONE)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
    if file is not None and not reads:
        file.begun()


def set_wal(engine: Engine) -> None:
    """Turn write-ahead logging on; it stays on in the file. Done once, by migrating."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.driver_connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[union-attr]  # a connection just opened has one
        finally:
            raw.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only look at one moment of the base. Raises BaseUnavailable."""
    options: dict[str, Any] = {READS: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with explained(), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction, all or nothing. Raises BaseUnavailable; Interrupted where it may be repeated."""
    with _turn(engine), explained(), engine.connect() as connection, connection.begin() as transaction:
        yield connection
        try:
            transaction.commit()
        except DBAPIError as error:
            if is_lost(error):
                raise Doubtful(
                    "The connection to the database broke while it was saving. Look whether it was done."
                ) from error
            raise
    file = engine.get_execution_options().get(FILE)
    if file is not None and not file.is_whole():
        raise Doubtful(GONE)  # it went into a file that nobody will ever open again


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Wait here for the other writers of this process. SQLite would let us try again and again, late comers first; on PostgreSQL
    each of us would wait with a connection in hand, and a server has only so many."""
    turn = engine.get_execution_options()[TURN]
    if not turn.acquire(timeout=BUSY_SECONDS):
        raise BaseUnavailable(BUSY)
    try:
        yield
    finally:
        turn.release()


@contextmanager
def explained() -> Iterator[None]:
    """Say what a database error means for the owner."""
    try:
        yield
    except (IntegrityError, DataError):
        raise  # about what was to be stored, not about the base
    except (DatabaseError, InterfaceError) as error:
        if isinstance(error, ProgrammingError) and not is_no_mistake(error.orig):
            raise  # a mistake of ours; a table that does not exist yet is none
        raise unavailable(error.orig, lost=is_lost(error)) from error
    except sqlite3.DatabaseError as error:  # from setting a connection up, where SQLAlchemy does not wrap it
        raise unavailable(error) from error
    except NoneFree as error:
        raise BaseUnavailable("The database is busy: too many are using it at once. Try again in a moment.") from error

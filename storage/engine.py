"""Opening the base so that it keeps its promises: WAL, FULL, foreign keys, and every write begun IMMEDIATE."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, ProgrammingError

__all__ = ["BaseUnavailable", "Connection", "Engine", "explained", "open_engine", "reading", "set_wal", "writing"]
# Engine and Connection too: other rooms name the types from here.

BUSY_SECONDS = 10
"""How long a writer waits for another (reliability.md: 5-10 s with BEGIN IMMEDIATE gave no locked error)."""

READS = "amends_reads"


class BaseUnavailable(Exception):
    """The database could not be used; nothing was changed. `why` is for the owner."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def open_engine(url: str) -> Engine:
    """An engine for a URL such as sqlite:////var/lib/amends/amends.sqlite or postgresql://…"""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(raw: sqlite3.Connection, _: Any) -> None:
    raw.isolation_level = None  # we begin transactions ourselves, see _begin
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another wrote meanwhile, busy_timeout or not.
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


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
    with explained(), engine.connect().execution_options(**{READS: True}) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction, all or nothing. Raises BaseUnavailable."""
    with explained(), engine.begin() as connection:
        yield connection


@contextmanager
def explained() -> Iterator[None]:
    """Say what a database error means for the owner."""
    try:
        yield
    except (IntegrityError, DataError):
        raise  # about what was to be stored, not about the base
    except DatabaseError as error:
        if isinstance(error, ProgrammingError) and "does not exist" not in str(error.orig):
            raise  # a mistake of ours; a table that does not exist yet is none
        raise BaseUnavailable(_why(error.orig)) from error
    except sqlite3.DatabaseError as error:  # from setting a connection up, where SQLAlchemy does not wrap it
        raise BaseUnavailable(_why(error)) from error


def _why(error: BaseException | None) -> str:
    said = str(error).lower()
    if "readonly" in said or "read-only" in said:
        return "The database cannot be written: its file or folder is read-only. Make it writable for the service."
    if "full" in said:
        return "The database cannot be written: the disk is full. Free some space; nothing was lost."
    if "unable to open" in said:
        return "The database file cannot be opened. Check that its folder exists and may be written."
    if "locked" in said:
        return "The database is busy: something else has held it for too long. Try again in a moment."
    if "no such table" in said or "does not exist" in said or "no such column" in said:
        return "The database has not been prepared for this version. Run: amends migrate"
    if "malformed" in said or "not a database" in said:
        return "The database file is damaged or not a database. Restore it from a backup."
    return f"The database cannot be used: {error}"

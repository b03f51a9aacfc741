"""A base per example: SQLite files copied from one that is migrated and furnished, or PostgreSQL databases emptied again."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, event

from storage.casebook import Casebook
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.reading import Reading
from storage.words import Account, Brand
from tests.clock import NOON
from tests.model.world import BRAND, US

KEY = b"the key of the model"
ROSE = Brand(BRAND, "Rose Bakery", names=("rose bakery",), handles={"x": US.handle}, time_zone="Europe/Berlin")


@dataclass
class Base:
    """One base with the shop open, and the casebooks of two processes on it."""

    engines: list[Engine]
    books: list[Casebook]
    reading: Reading


class Bases:
    """Makes a fresh base for every example, at one address: SQLAlchemy remembers the SQL that it has compiled per engine."""

    def __init__(self, url: str) -> None:
        self.url = url
        upgrade(url)
        self._engines = [open_engine(url), open_engine(url)]
        for engine in self._engines:
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _hurry)
        furnish(Casebook(self._engines[0], KEY))
        self._template = self._keep()

    def fresh(self) -> Base:
        """The shop as it was on the first day."""
        if self._template is None:
            _empty(self._engines[0])
        else:
            self._let_go()
            shutil.copy(self._template, self._template.with_name("amends.sqlite"))
        return Base(self._engines, [Casebook(engine, KEY) for engine in self._engines], Reading(self._engines[0]))

    def close(self) -> None:
        """Let go of everything."""
        self._let_go()

    def _let_go(self) -> None:
        for engine in self._engines:
            engine.dispose()
        if self._template is not None:
            for left in self._template.parent.glob("amends.sqlite*"):
                left.unlink()

    def _keep(self) -> Path | None:
        if self._engines[0].dialect.name != "sqlite":
            return None
        for engine in self._engines:
            engine.dispose()
        path = Path(self.url.removeprefix("sqlite:///"))
        return Path(shutil.copy(path, path.with_name("template")))


def furnish(book: Casebook) -> None:
    """One brand, our account, Ana and Ben, one source."""
    book.brands.sync([ROSE], NOON)
    book.brands.own_account(BRAND, Account("x", US.native_id, US.handle), NOON)
    book.people.add("ana@rosebakery.example", "Ana", "owner", "hash", NOON)
    book.people.add("ben@rosebakery.example", "Ben", "member", "hash", NOON)
    book.sources.ensure("x:mentions:rosebakery", BRAND, "x", timedelta(minutes=2), NOON)


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        names = [
            str(row[0])
            for row in connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            if not str(row[0]).startswith(("alembic", "procrastinate"))
        ]
        connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
    furnish(Casebook(engine, KEY))


def _hurry(raw: sqlite3.Connection, _: object) -> None:
    # No power is lost in a test: waiting for the disk would prove nothing and cost minutes.
    raw.execute("PRAGMA synchronous=OFF")

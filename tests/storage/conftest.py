"""A migrated base per test, with the shop open, on either kind of database: made once, copied for each test.

Every test that asks for `base`, `url` or `house` runs once on SQLite and once on PostgreSQL. What can only be said of one of them is
marked `only_on("sqlite")` or `only_on("postgresql")`, with the reason.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, make_url

from storage.casebook import Casebook
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.reading import Reading
from storage.tables import metadata
from tests.databases import KINDS, fresh_database, tell_server
from tests.storage.house import KEY, House


@dataclass
class Base:
    """One address and one engine for all tests: SQLAlchemy remembers the SQL it has compiled per engine."""

    kind: str
    url: str
    engine: Engine
    template: str
    server: str = ""
    made: bool = False
    spoiled: bool = False  # somebody changed more than rows

    def begin(self) -> None:
        """The shop is open and nothing has happened yet."""
        if self.kind == "sqlite":
            self.end()
            shutil.copy(_path(self.template), _path(self.url))
        elif self.made and not self.spoiled:
            self._put_rows_back()
        else:
            self.end()
            self._make()

    def _make(self) -> None:
        name, template = make_url(self.url).database, make_url(self.template).database
        tell_server(self.server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        kept = [
            f'CREATE TABLE kept."{one.name}" AS SELECT * FROM public."{one.name}"' for one in metadata.sorted_tables
        ]
        self._say("CREATE SCHEMA kept", *kept)
        self.made, self.spoiled = True, False

    def _put_rows_back(self) -> None:
        # Far quicker than a fresh copy of the database: a few milliseconds.
        tables = [one.name for one in metadata.sorted_tables]
        numbered = [one.name for one in metadata.sorted_tables if "id" in one.columns]
        self._say(
            "SET LOCAL session_replication_role = replica",  # the history is append-only, and so on
            *(f'DELETE FROM "{name}"' for name in tables),
            *(f'INSERT INTO "{name}" SELECT * FROM kept."{name}"' for name in tables),
            *(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM \"{name}\"), false)"
                for name in numbered
            ),
        )

    def _say(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("; ".join(statements))

    def end(self) -> None:
        """Nothing is left of it."""
        self.engine.dispose()
        if self.kind == "sqlite":
            for left in _path(self.url).parent.glob("amends.sqlite*"):
                left.unlink()
        else:
            tell_server(self.server, f'DROP DATABASE IF EXISTS "{make_url(self.url).database}" WITH (FORCE)')
            self.made = False

    def watch(self, statement: str) -> None:
        """Note when somebody changes more than rows."""
        if self.made and statement.lstrip().upper().startswith(("CREATE", "ALTER", "DROP")):
            self.spoiled = True

    def house(self) -> House:
        """The shop: two brands, our account, Ana, Ben and one source."""
        return at_home(self.engine)


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the shop open, to be copied."""
    path = tmp_path_factory.mktemp("base") / "amends.sqlite"
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    at_home(engine).open_shop()
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_there(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database with the shop open, to be copied."""
    with fresh_database(postgres_server, postgres_template) as url:
        engine = open_engine(url)
        at_home(engine).open_shop()
        engine.dispose()
        yield url


@pytest.fixture(scope="session", params=KINDS)
def bases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """The address and the engine of each kind of database."""
    if request.param == "sqlite":
        server, template = "", f"sqlite:///{request.getfixturevalue('migrated')}"
        url = f"sqlite:///{tmp_path_factory.mktemp('house')}/amends.sqlite"
    else:
        server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("migrated_there")
        name = f"amends_test_{os.getpid()}_{uuid4().hex[:12]}"
        url = make_url(template).set(database=name).render_as_string(hide_password=False)
    engine = open_engine(url)
    if request.param == "sqlite":
        event.listen(engine, "connect", _hurry)
    base = Base(request.param, url, engine, template, server)
    event.listen(engine, "before_cursor_execute", lambda *given: base.watch(given[2]))
    yield base
    base.end()


def _hurry(raw: sqlite3.Connection, _: object) -> None:
    # No power is lost in a test: waiting for the disk would prove nothing and cost a minute.
    raw.execute("PRAGMA synchronous=OFF")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_on(kind, reason=...): what can only be said of one kind of database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    apart = [item for item in items if not _is_said_of(item)]
    if apart:
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if _is_said_of(item)]


def _is_said_of(item: pytest.Item) -> bool:
    kind = (
        item.callspec.params.get("bases") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )
    return kind is None or all(mark.args[0] == kind for mark in item.iter_markers("only_on"))


@pytest.fixture
def base(bases: Base) -> Base:
    """A freshly migrated base with the open shop."""
    bases.begin()
    return bases


@pytest.fixture
def url(base: Base) -> str:
    """Where the base is."""
    return base.url


@pytest.fixture
def house(base: Base) -> House:
    """The shop: two brands, our account, Ana, Ben and one source."""
    return base.house()


@pytest.fixture(scope="module")
def settled(bases: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A shop with one approved reply, shared by tests that change nothing."""
    if bases.kind == "sqlite":
        copy = shutil.copy(_path(bases.template), tmp_path_factory.mktemp("settled") / "amends.sqlite")
        yield from _settled(f"sqlite:///{copy}")
    else:
        with fresh_database(bases.server, bases.template) as url:
            yield from _settled(url)


def _settled(url: str) -> Iterator[House]:
    engine = open_engine(url)
    shop = at_home(engine)
    shop.approved()
    yield shop
    engine.dispose()


def at_home(engine: Engine) -> House:
    """The shop in this base."""
    casebook = Casebook(engine, key=KEY)
    known = {person.name: f"person:{person.id}" for person in casebook.people.all()}
    return House(engine, casebook, Reading(engine), ana=known.get("Ana", ""), ben=known.get("Ben", ""))

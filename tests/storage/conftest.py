"""A migrated base per test: SQLite is migrated once and copied; another database comes with TEST_DATABASE_URL."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from storage.casebook import Casebook
from storage.engine import open_engine
from storage.migrate import downgrade, upgrade
from storage.reading import Reading
from tests.storage.house import KEY, House

ELSEWHERE = os.environ.get("TEST_DATABASE_URL", "")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the shop open, to be copied."""
    path = tmp_path_factory.mktemp("base") / "amends.sqlite"
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    House(engine, Casebook(engine, key=KEY), Reading(engine)).open_shop()
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture
def url(tmp_path: Path, migrated: Path) -> Iterator[str]:
    """Where a freshly migrated base with the open shop is."""
    if not ELSEWHERE:
        copy = tmp_path / "amends.sqlite"
        shutil.copy(migrated, copy)
        yield f"sqlite:///{copy}"
        return
    upgrade(ELSEWHERE)
    engine = open_engine(ELSEWHERE)
    House(engine, Casebook(engine, key=KEY), Reading(engine)).open_shop()
    engine.dispose()
    yield ELSEWHERE
    downgrade(ELSEWHERE, "base")


@pytest.fixture
def house(url: str) -> Iterator[House]:
    """The shop: two brands, our account, Ana, Ben and one source."""
    with at_home(url) as shop:
        yield shop


@pytest.fixture(scope="module")
def settled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A shop with one approved reply, shared by tests that change nothing."""
    if ELSEWHERE:
        pytest.skip("shared bases are SQLite files")
    copy = tmp_path_factory.mktemp("settled") / "amends.sqlite"
    shutil.copy(migrated, copy)
    with at_home(f"sqlite:///{copy}") as shop:
        shop.approved()
        yield shop


@contextmanager
def at_home(url: str) -> Iterator[House]:
    """The shop in the base at `url`."""
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry)
    casebook = Casebook(engine, key=KEY)
    people = {person.name: f"person:{person.id}" for person in casebook.people.all()}
    yield House(engine, casebook, Reading(engine), ana=people["Ana"], ben=people["Ben"])
    engine.dispose()


def _hurry(raw: sqlite3.Connection, _: object) -> None:
    # No power is lost in a test: waiting for the disk would prove nothing and cost a minute.
    raw.execute("PRAGMA synchronous=OFF")

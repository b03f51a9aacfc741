"""A migrated base per test: SQLite is migrated once and copied; another database comes with TEST_DATABASE_URL."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

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
    at_home(engine).open_shop()
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Engine]]:
    """One address and one engine for all tests: SQLAlchemy remembers the SQL it has compiled per engine."""
    address = ELSEWHERE or f"sqlite:///{tmp_path_factory.mktemp('house')}/amends.sqlite"
    engine = open_engine(address)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry)
    yield address, engine
    engine.dispose()


def _hurry(raw: sqlite3.Connection, _: object) -> None:
    # No power is lost in a test: waiting for the disk would prove nothing and cost a minute.
    raw.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def url(open_house: tuple[str, Engine], migrated: Path) -> Iterator[str]:
    """Where a freshly migrated base with the open shop is."""
    address, engine = open_house
    if ELSEWHERE:
        upgrade(address)
        at_home(engine).open_shop()
        yield address
        engine.dispose()
        downgrade(address, "base")
        return
    path = Path(address.removeprefix("sqlite:///"))
    shutil.copy(migrated, path)
    yield address
    engine.dispose()
    for left in path.parent.glob("amends.sqlite*"):
        left.unlink()


@pytest.fixture
def house(url: str, open_house: tuple[str, Engine]) -> House:
    """The shop: two brands, our account, Ana, Ben and one source."""
    return at_home(open_house[1])


@pytest.fixture(scope="module")
def settled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A shop with one approved reply, shared by tests that change nothing."""
    if ELSEWHERE:
        pytest.skip("shared bases are SQLite files")
    copy = tmp_path_factory.mktemp("settled") / "amends.sqlite"
    shutil.copy(migrated, copy)
    engine = open_engine(f"sqlite:///{copy}")
    shop = at_home(engine)
    shop.approved()
    yield shop
    engine.dispose()


def at_home(engine: Engine) -> House:
    """The shop in this base."""
    casebook = Casebook(engine, key=KEY)
    known = {person.name: f"person:{person.id}" for person in casebook.people.all()}
    return House(engine, casebook, Reading(engine), ana=known.get("Ana", ""), ben=known.get("Ben", ""))

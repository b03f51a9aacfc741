"""A migrated SQLite base per test, made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from storage.casebook import Casebook
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.reading import Reading
from tests.monitor.shop import MINUTE, NOON, ROSE, Shelf
from tests.quiet_logs import logging_left_alone


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Every line is heard here, whatever those before have configured."""
    with logging_left_alone():
        structlog.reset_defaults()
        yield


@pytest.fixture(scope="session")
def empty_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("monitor") / "amends.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def casebook(tmp_path: Path, empty_base: Path) -> Iterator[Casebook]:
    """A casebook that knows Rose Bakery and the source of its mentions on X, due now."""
    copy = tmp_path / "amends.sqlite"
    shutil.copy(empty_base, copy)
    engine = open_engine(f"sqlite:///{copy}")
    casebook = Casebook(engine, b"the key of the monitor's tests")
    casebook.brands.sync([ROSE], NOON)
    shelf = Shelf()
    casebook.sources.ensure(shelf.key, shelf.brand, shelf.place, 5 * MINUTE, NOON)
    yield casebook
    engine.dispose()


@pytest.fixture
def reading(casebook: Casebook) -> Reading:
    """What the casebook holds, as the pages see it."""
    return Reading(casebook.engine)

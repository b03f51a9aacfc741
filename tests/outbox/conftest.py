"""Ana's shop, on a base of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.casebook import Casebook
from storage.reading import Reading
from storage.words import Account, Brand
from tests.clock import Clock
from tests.databases import KeptEngine
from tests.outbox.shop import Platform, Shop


@pytest.fixture(scope="session")
def kept_engine(tmp_path_factory: pytest.TempPathFactory) -> KeptEngine:
    """The engine of every shop in turn."""
    return KeptEngine(tmp_path_factory.mktemp("outbox"))


@pytest.fixture
def shop(kept_engine: KeptEngine, sqlite_template: Path) -> Iterator[Shop]:
    engine = kept_engine.begin(sqlite_template)
    casebook, clock = Casebook(engine, b"test"), Clock()
    brand = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery"})
    casebook.brands.sync([brand], clock())
    casebook.brands.own_account("rosebakery", Account("x", "1", "rosebakery"), clock())
    casebook.people.add("ana@rosebakery.example", "Ana", "owner", "-", clock())
    yield Shop(casebook, Reading(engine), clock, Platform(), engine)
    kept_engine.end()

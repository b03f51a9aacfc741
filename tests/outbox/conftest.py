"""Ana's shop, on a base of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.casebook import Casebook
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.reading import Reading
from storage.words import Account, Brand
from tests.clock import Clock
from tests.outbox.shop import Platform, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    url = f"sqlite:///{tmp_path}/amends.sqlite"
    upgrade(url)
    engine = open_engine(url)
    casebook, clock = Casebook(engine, b"test"), Clock()
    brand = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery"})
    casebook.brands.sync([brand], clock())
    casebook.brands.own_account("rosebakery", Account("x", "1", "rosebakery"), clock())
    casebook.people.add("ana@rosebakery.example", "Ana", "owner", "-", clock())
    yield Shop(casebook, Reading(engine), clock, Platform(), engine)
    engine.dispose()

"""Ana's house with its web inbox, and visitors at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import KeptEngine
from tests.web.small_house import House, Settings, build
from tests.web.visitors import Browser


@pytest.fixture(scope="session")
def kept_engines() -> list[KeptEngine]:
    """The engine of the first house of every test in turn, that of the second houses, and so on."""
    return []


@pytest.fixture
def build_house(
    kept_engines: list[KeptEngine], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., House]]:
    """Builds houses, and tidies them away."""
    built = 0

    def one(settings: Settings | None = None, *, two_brands: bool = False) -> House:
        nonlocal built
        if built == len(kept_engines):
            kept_engines.append(KeptEngine(tmp_path_factory.mktemp("house")))
        built += 1
        return build(kept_engines[built - 1].begin(sqlite_template), settings, two_brands=two_brands)

    yield one
    for kept in kept_engines[:built]:
        kept.end()


@pytest.fixture
def house(build_house: Callable[..., House]) -> House:
    """The house with nobody waiting."""
    return build_house()


@pytest.fixture
def door(house: House) -> Callable[..., Browser]:
    """Opens the inbox in a fresh browser of somebody's."""
    from desk.web.app import create_app

    app = create_app(house, house.clock)

    def open_for(name: str = "") -> Browser:
        browser = Browser(app)
        if name:
            browser.come_in(house, f"{name.lower()}@rosebakery.example")
        return browser

    return open_for


@pytest.fixture
def ana(door: Callable[..., Browser]) -> Browser:
    """Ana, who owns the shop, signed in."""
    return door("Ana")


@pytest.fixture
def ben(door: Callable[..., Browser]) -> Browser:
    """Ben, who works the inbox, signed in."""
    return door("Ben")


@pytest.fixture
def vera(door: Callable[..., Browser]) -> Browser:
    """Vera, who may only look, signed in."""
    return door("Vera")

"""Ana's house with its web inbox, and visitors at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.small_house import House, Settings, build
from tests.web.visitors import Browser


@pytest.fixture
def build_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Builds houses, and tidies them away."""
    built: list[House] = []

    def one(settings: Settings | None = None, *, two_brands: bool = False) -> House:
        folder = tmp_path / str(len(built))
        folder.mkdir()
        built.append(build(folder, settings, two_brands=two_brands))
        return built[-1]

    yield one
    for house in built:
        house.engine.dispose()


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

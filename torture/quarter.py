"""A quarter of the town for one desk: four platforms of its own on four ports, with customers who complain and requests that go wrong."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Self

from sandbox.mishaps import mishap
from sandbox.serve import Served
from sandbox.world import World
from torture.judge import Stands
from torture.sites import BOARD, KEY, SITES

PLACES = tuple(SITES)
QUICK_MISHAPS = (
    "reset_before", "reset_after", "error_before", "error_after", "late_error", "limited_bare", "cut_short", "empty", "garbage",
)  # fmt: skip
"""Those that a client notices at once: a silent server would keep a real process waiting for its whole patience."""
LATE = 0.4
"""Seconds until a late request is carried out: shorter than any start of the service, and the clock of the base is an hour on by then."""
COMPLAINTS = (
    "my birthday cake came late and nobody called",
    "the bread was stale again, and I want my money back",
    "two hours for a coffee, that is not right",
    "your website took my order twice",
    "the croissant was burnt and cold",
)


class Quarter:
    """See the module. Use as a context; `urls` by platform."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self._folder, self._chance = folder, chance
        self._open = ExitStack()
        self._worlds: dict[str, World] = {}
        self._options: dict[str, Any] = {}
        self.urls: dict[str, str] = {}
        self._written = 0

    def __enter__(self) -> Self:
        for place in PLACES:
            world = self._open.enter_context(World(self._folder / f"{place}.sqlite"))
            app, self._options[place] = SITES[place].build(world)
            self._worlds[place] = world
            self.urls[place] = self._open.enter_context(Served(app)).url
            world.add_account(place, KEY, "Rose Bakery")
            if SITES[place].board:
                host = world.add_account(place, "host", "Host of the board")
                world.publish(place, host.id, "Be kind to each other.", title="Welcome", board=BOARD)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def complain(self, many: int) -> None:
        """So many new customers, each of whom complains somewhere."""
        for _ in range(many):
            self._written += 1
            place = self._chance.choice(PLACES)
            world = self._worlds[place]
            customer = world.add_account(place, f"customer{self._written}", f"Customer {self._written}")
            said = f"@{KEY} Rose Bakery: {self._chance.choice(COMPLAINTS)} (number {self._written})"
            board = SITES[place].board
            title = f"Rose Bakery, number {self._written}" if board else ""
            world.publish(place, customer.id, said, title=title, board=board)

    def go_wrong(self) -> None:
        """On about half of the platforms the next requests that post meet with something."""
        for place in PLACES:
            if self._chance.random() < 0.5:
                name, times = self._chance.choice(QUICK_MISHAPS), self._chance.choice((1, 1, 2))
                self._options[place].faults.add(*mishap(name, place, times=times, delay=LATE))

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        for place in PLACES:
            self._options[place].faults.clear()

    def ids_of(self, place: str, native_id: str) -> frozenset[str]:
        """All ids by which a post was ever known. Raises KeyError where there is none."""
        for one in (native_id, native_id.rpartition("_")[2]):
            found = self._worlds[place].post(place, one)
            if found is not None:
                return frozenset(found.history)
        raise KeyError(f"a reply to {native_id}, which is not on {place}")

    def stands(self, place: str) -> list[Stands]:
        """Everything that our account ever wrote there."""
        world, says = self._worlds[place], SITES[place].says
        us = world.account(place, handle=KEY)
        assert us is not None
        return [
            Stands(one.id, one.parent_id, says(one.versions[0].text), one.deleted_at is not None)
            for one in world.posts(place, author_id=us.id)
        ]

"""A stage: a town, a mail server, a base, and a victim that works on them and dies. Runs follow one another on it, each from a scene."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from desk.wiring import House
from torture.bases import Bases, open_bases
from torture.clock import EPOCH
from torture.orders import Ended, Order, Press
from torture.postbox import Postbox
from torture.shop import Addresses, open_quick, open_shop
from torture.sites import SITES
from torture.town import Town

WORLD = "world.sqlite"
NOTE = "last-claim"

LARGE_PAGES = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""A fork copies the table of its parent's pages, which is short when the pages are large. Elsewhere than on Linux this changes nothing."""

SPENT = timedelta(seconds=1)
"""How long a start takes in the town."""


class VictimFailed(Exception):
    """The victim itself did not come up, or went away. Nothing is known then."""


@dataclass(slots=True)
class Stage:
    """See the module. `starts` and `kills` count what was done to the victim since the stage was set up."""

    folder: Path
    town: Town
    postbox: Postbox
    bases: Bases
    houses: dict[str, House]
    addresses: Addresses
    victims: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    starts: int = 0
    kills: int = 0
    unforeseen: list[str] = field(default_factory=list)
    scenes: dict[str, datetime] = field(default_factory=dict)
    _warm: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def house(self) -> House:
        """The bakery as people and the judge see it, on the platform of the present run."""
        return self.houses[self.town.place]

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.town.clock()

    def begin(self, place: str, scene: str) -> None:
        """Begin a run on a platform, as things stood when the scene was kept."""
        self._let_go()
        self.bases.take(scene)
        for end in ("", "-wal", "-shm"):
            (self.folder / f"{WORLD}{end}").unlink(missing_ok=True)
        (self.folder / NOTE).unlink(missing_ok=True)
        for kept in (WORLD, NOTE):
            if (self.folder / f"{scene}-{kept}").exists():
                shutil.copyfile(self.folder / f"{scene}-{kept}", self.folder / kept)
        self.town.move_in(place, self.folder / WORLD, self.scenes.get(scene, EPOCH))
        self.postbox.empty()
        self.unforeseen = []

    def keep(self, scene: str) -> None:
        """Keep everything as it stands now, under a name."""
        self._let_go()
        self.bases.keep(scene)
        world, kept = self.folder / WORLD, self.folder / f"{scene}-{WORLD}"
        with closing(sqlite3.connect(world)) as was, closing(sqlite3.connect(kept)) as copy:
            was.backup(copy)
        if (self.folder / NOTE).exists():
            shutil.copyfile(self.folder / NOTE, self.folder / f"{scene}-{NOTE}")
        self.scenes[scene] = self.now

    def ensure(self, place: str, scene: str, build: Callable[[Stage], None]) -> None:
        """Have a scene, made out of nothing unless it is there already."""
        if scene not in self.scenes:
            self.begin(place, "empty")
            build(self)
            self.keep(scene)

    def start(
        self, *works: str, kill_at: int = 0, on_line: bool = False, press: Press | None = None, learn: bool = False
    ) -> Ended:
        """One start of the victim; see torture.orders.Order. Raises VictimFailed."""
        order = Order(works, kill_at, self.now, press, on_line, learn)
        victim = self.victims.get(self.town.place) or self._find_victim()
        assert victim.stdin is not None
        assert victim.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            victim.stdin.write(order.to_line())
            victim.stdin.flush()
        line = victim.stdout.readline()
        if not line:
            raise VictimFailed(f"the victim is gone, with {victim.wait(10)}")
        ended = Ended.from_line(line)
        if ended.killed:
            self.town.come_to_rest()
        if ended.died_at.startswith("mail"):
            self.postbox.come_to_rest()
        self.town.clock.turn(SPENT)
        self.starts += 1
        self.kills += ended.killed
        self.unforeseen += ended.unforeseen
        return ended

    def warm_up(self, place: str, scene: str, *works: str, press: Callable[[Stage], Press] | None = None) -> None:
        """Let the victim do once what its children will do again and again, so that they need not learn it each time."""
        told = (place, scene, *works)
        if told not in self._warm:
            self._warm.add(told)
            self.begin(place, scene)
            self.start(*works, press=press(self) if press else None, learn=True)

    def pass_time(self, by: timedelta) -> None:
        """Let time pass in the town."""
        self.town.pass_time(by)

    def _find_victim(self) -> subprocess.Popen[str]:
        """One for each platform, so that none carries the libraries of all: a fork takes the longer the more there is to copy."""
        command = [sys.executable, "-P", "-m", "torture.victim", self.town.place]
        victim = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **LARGE_PAGES}
        )
        assert victim.stdin is not None
        victim.stdin.write(json.dumps(asdict(self.addresses)) + "\n")
        self.victims[self.town.place] = victim
        return victim

    def end(self) -> None:
        """Let the victims go. They hold nothing that a kill could spoil."""
        for victim in self.victims.values():
            victim.kill()
            victim.communicate()

    def _let_go(self) -> None:
        for house in self.houses.values():
            house.engine.dispose()


@contextmanager
def set_up(folder: Path, server: str | None = None) -> Iterator[Stage]:
    """A stage in `folder`, which should be empty; with a base on the PostgreSQL server at this URL, or (None) with SQLite."""
    with ExitStack() as stack:
        town = stack.enter_context(Town())
        postbox = stack.enter_context(Postbox(town.clock))
        bases = open_bases(server, folder)
        stack.callback(bases.close)
        addresses = Addresses(bases.url, town.url, postbox.port, str(folder / NOTE))
        engine = open_quick(bases.url)
        stack.callback(engine.dispose)
        houses = {place: open_shop(engine, addresses, place, {}) for place in SITES}
        stage = Stage(folder, town, postbox, bases, houses, addresses)
        stack.callback(stage.end)
        yield stage

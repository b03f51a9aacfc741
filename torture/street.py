"""A street of six shops on the town's X and Reddit, and what the platforms see of those who read and answer for them."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from desk.toml_text import quote
from sandbox.faults import TRUTH, Done, Fault
from sandbox.keys import reddit_keys, x_keys
from sandbox.mishaps import POSTING
from sandbox.reddit import create_reddit
from sandbox.reddit.asking import RedditOptions
from sandbox.serve import Served
from sandbox.world import World, WorldPost
from sandbox.x import create_x
from sandbox.x.limits import LIMITS
from sandbox.x.options import XOptions

SHOPS = ("rosebakery", "swiftcourier", "pixelfix", "oldmill", "harbourcafe", "citybikes")
PLACES = ("x", "reddit")
PLENTY = 10**9
READING_TAKES = 0.25
"""Seconds that a listing takes to come: long enough that two who read one source at once are seen doing it."""
POSTING_TAKES = 0.6
"""Seconds between a reply's being there and its answer: long enough that kills hit in between."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True)
class Ahead:
    """The town's clock: the real one, moved."""

    by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """What time it is there."""
        return datetime.now(UTC) + self.by


@dataclass(slots=True)
class Readings:
    """When each source was read, as its platform saw it: (begun, ended) by the clock that nobody can set."""

    of: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, source: str, begun: float, ended: float) -> None:
        """One listing was asked for and given."""
        with self._lock:
            self.of.setdefault(source, []).append((begun, ended))

    def count(self) -> int:
        """How many there were."""
        return sum(len(each) for each in self.of.values())

    def overlapping(self) -> int:
        """How often two read one source at once."""
        return sum(later[0] < earlier[1] for each in self.of.values() for earlier, later in pairwise(sorted(each)))

    def longest_gap(self, until: float) -> tuple[float, str]:
        """The longest time in which a source was not read, in seconds, and which one. `until`: when watching ended."""
        gaps = [
            (later - earlier, source)
            for source, each in self.of.items()
            for earlier, later in pairwise([*sorted(begun for begun, _ in each if begun < until), until])
        ]
        return max(gaps, default=(0.0, ""))


class Street:
    """Use as a context: both platforms are open, and watched."""

    def __init__(self, folder: Path) -> None:
        self.clock = Ahead()
        self.world = World(folder / "street.sqlite", self.clock)
        self.readings = Readings()
        self._ids: dict[str, str] = {}
        for place in PLACES:
            self.world.add_account(place, "cora", "Cora")
            for shop in SHOPS:
                self._ids[self.world.add_account(place, shop, shop.title()).id] = shop
        cora = self.world.add_account("reddit", "cora", "Cora")
        for shop in SHOPS:  # a board is there from its first post on
            self.world.publish("reddit", cora.id, "Hello, neighbours.", title="Hello", board=f"{shop}town")
        plenty = dict.fromkeys((*LIMITS, "create_day"), PLENTY)
        x, reddit = XOptions(limits=plenty), RedditOptions(allowed=PLENTY)
        for place, options in (("x", x), ("reddit", reddit)):
            options.faults.add(Fault(*POSTING[place], Done.FIRST, TRUTH, times=None, delay=POSTING_TAKES))
        self._served = {
            "x": Served(self._watched(create_x(self.world, options=x))),
            "reddit": Served(self._watched(create_reddit(self.world, options=reddit))),
        }
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.callback(self.world.close)
        for served in self._served.values():
            self._stack.enter_context(served)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def complain(self, number: int, place: str, shop: str) -> WorldPost:
        """Cora complains about a shop."""
        cora = self.world.account(place, handle="cora")
        assert cora is not None
        text = f"@{shop} the bread from {shop.title()} was burnt and cold again, terrible service! ({number})"
        return self.world.publish(place, cora.id, text, title=f"Burnt again ({number})", board=f"{shop}town")

    def answers(self, place: str) -> list[WorldPost]:
        """Everything that the shops' accounts ever wrote there."""
        accounts = [self.world.account(place, handle=shop) for shop in SHOPS]
        return [post for one in accounts if one for post in self.world.posts(place, author_id=one.id)]

    def brands(self) -> str:
        """The shops as a config file has them: twelve sources."""
        return "".join(
            f'\n[[brand]]\nkey = "{shop}"\nname = "{shop.title()}"\ntime_zone = "Europe/Bucharest"\n'
            f"[brand.x]\nhandle = {quote(shop)}\nsearch = false\napi = {quote(self._served['x'].url)}\n"
            f"[brand.reddit]\nhandle = {quote(shop)}\nboards = [{quote(f'{shop}town')}]\napi = {quote(self._served['reddit'].url)}\n"
            for shop in SHOPS
        )

    def _watched(self, app: App) -> App:
        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            source = self._source_of(scope)
            if source is None:
                await app(scope, receive, send)
                return
            begun = time.monotonic()
            try:
                await asyncio.sleep(READING_TAKES)
                await app(scope, receive, send)
            finally:
                self.readings.add(source, begun, time.monotonic())

        return front

    def _source_of(self, scope: Scope) -> str | None:
        """Which source a request reads; None where it does something else."""
        path = str(scope.get("path", ""))
        if mentions := re.fullmatch(r"/2/users/(\d+)/mentions", path):
            return f"x:mentions:{self._ids.get(mentions[1], '?')}"
        if board := re.fullmatch(r"/r/(\w+)town/comments/?", path):
            return f"reddit:{board[1]}"
        return None


def street_keys() -> dict[str, str]:
    """The shops' keys, as the environment holds them."""
    keys: dict[str, str] = {}
    for shop in SHOPS:
        x, reddit = x_keys(shop), reddit_keys(shop)
        own = {
            "X_BEARER_TOKEN": x.bearer_token,
            "X_API_KEY": x.consumer_key,
            "X_API_KEY_SECRET": x.consumer_secret,
            "X_ACCESS_TOKEN": x.access_token,
            "X_ACCESS_TOKEN_SECRET": x.access_token_secret,
            "REDDIT_CLIENT_ID": reddit.client_id,
            "REDDIT_CLIENT_SECRET": reddit.client_secret,
            "REDDIT_PASSWORD": reddit.password,
        }
        keys |= {f"AMENDS_{shop.upper()}_{name}": value for name, value in own.items()}
    return keys

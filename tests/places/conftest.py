"""A town with one bakery on each place, for tests of the places: real servers, real clients, real HTTP.

Every row of the table of places has a bench here. The promises in test_promises.py run over all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from places.doors import Opened, Publisher, Source
from places.x import XSettings, open_x
from sandbox.faults import FaultPlan
from sandbox.keys import x_keys
from sandbox.serve import Served
from sandbox.world import World, WorldAccount, WorldPost, utc_now
from sandbox.x import XOptions, create_x
from storage.words import Audience, Brand, Post, Purpose, Reply

QUICK = 1.0
"""Seconds after which a test's client gives up on an answer."""


@dataclass
class Clock:
    """The town's time: the real one, moved."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


def reply_to(post: Post, text: str = "We are sorry, Cora.", **changes: Any) -> Reply:
    """An approved reply of Ana's under a post."""
    given: dict[str, Any] = {
        "id": 1,
        "brand": "rosebakery",
        "case_id": 1,
        "place": post.place,
        "account": "rosebakery",
        "key": "reply-1",
        "parent_id": post.reply_to,
        "conversation_id": post.conversation_id,
        "customer_handle": post.author.handle,
        "audience": Audience.PUBLIC,
        "purpose": Purpose.ACKNOWLEDGE,
        "text": text,
        "sent_at": utc_now(),
        "parent_ids": (post.native_id, post.reply_to),
    }
    return Reply(**{**given, **changes})


@dataclass
class Bench:
    """One place with a bakery and a customer on it. `reading` and `posting` are the paths of its polls and posts, for faults."""

    place: str
    world: World
    clock: Clock
    plan: FaultPlan
    opened: Opened
    source: Source
    publisher: Publisher
    us: WorldAccount
    cora: WorldAccount
    reading: str
    posting: str
    complain: Callable[..., WorldPost]
    limit: Callable[[], None]  # from now on the place's rate limit for reading is used up
    spoil: Callable[[bytes], bytes]  # makes the first element of a page unreadable

    def now(self) -> datetime:
        """The time in the town and here."""
        return self.clock()

    def read_all(self, cursor: str | None = None) -> tuple[list[Post], str | None]:
        """Poll until there is no more."""
        posts: list[Post] = []
        for _ in range(50):
            batch = self.source.poll(cursor, self.now())
            posts += batch.posts
            cursor = batch.cursor
            if not batch.more:
                return posts, cursor
        raise AssertionError("the walk does not end")

    def posted(self) -> list[WorldPost]:
        """What stands under our name."""
        return [post for post in self.world.posts(self.place, author_id=self.us.id) if post.deleted_at is None]

    def writes(self) -> list[int]:
        """The status of every attempt to post, as the server saw it."""
        return [
            call.status for call in self.world.calls(self.place) if call.method == "POST" and self.posting in call.path
        ]


@dataclass
class XTown:
    """The town's X with more to turn than a bench has."""

    world: World
    clock: Clock
    options: XOptions
    served: Served
    us: WorldAccount
    cora: WorldAccount
    brand: Brand = field(
        default_factory=lambda: Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"x": "rosebakery"})
    )

    def settings(self, **changes: Any) -> XSettings:
        """The bakery's keys; a test's patience."""
        keys = x_keys("rosebakery")
        given: dict[str, Any] = {
            "bearer_token": keys.bearer_token,
            "consumer_key": keys.consumer_key,
            "consumer_secret": keys.consumer_secret,
            "access_token": keys.access_token,
            "access_token_secret": keys.access_token_secret,
            "base_url": self.served.url,
            "timeout": QUICK,
        }
        return XSettings(**{**given, **changes})

    def open(self, **changes: Any) -> Opened:
        """X as the bakery has it."""
        return open_x(self.brand, self.settings(**changes))

    def bench(self, source: int = 0, **changes: Any) -> Bench:
        """A bench on this town; source 0 reads mentions, 1 searches."""
        opened = self.open(**changes)
        assert opened.publisher is not None

        def complain(text: str = "@rosebakery my croissant was cold", **given: Any) -> WorldPost:
            return self.world.publish("x", self.cora.id, text, **given)

        def limit() -> None:
            self.options.limits |= {"mentions": 0, "search": 0}

        return Bench(
            place="x",
            world=self.world,
            clock=self.clock,
            plan=self.options.faults,
            opened=opened,
            source=opened.sources[source],
            publisher=opened.publisher,
            us=self.us,
            cora=self.cora,
            reading=r"/mentions|/search/recent",
            posting="/2/tweets",
            complain=complain,
            limit=limit,
            spoil=spoil_x,
        )


def spoil_x(body: bytes) -> bytes:
    page = json.loads(body)
    page["data"][0] = {"id": page["data"][0]["id"], "text": None}
    return json.dumps(page).encode()


@contextmanager
def x_town() -> Iterator[XTown]:
    """X in the town, with the bakery and Cora."""
    clock, options = Clock(), XOptions()
    with World(":memory:", clock) as world, Served(create_x(world, options=options)) as served:
        us = world.add_account("x", "rosebakery", "Rose Bakery")
        cora = world.add_account("x", "cora", "Cora")
        yield XTown(world, clock, options, served, us, cora)


@contextmanager
def x_bench() -> Iterator[Bench]:
    """X's row."""
    with x_town() as town:
        yield town.bench()


BENCHES: dict[str, Callable[[], AbstractContextManager[Bench]]] = {"x": x_bench}


@pytest.fixture
def town() -> Iterator[XTown]:
    with x_town() as town:
        yield town


@pytest.fixture
def make_reply() -> Callable[..., Reply]:
    return reply_to


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with BENCHES[request.param]() as bench:
        yield bench

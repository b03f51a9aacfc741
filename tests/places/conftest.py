"""A town with one bakery on each place, for tests of the places: real servers, real clients, real HTTP.

Every row of the table of places has a bench here. The promises in test_promises.py run over all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from places.doors import Opened
from places.reddit import RedditSettings, open_reddit
from places.x import XSettings, open_x
from sandbox.keys import reddit_keys, x_keys
from sandbox.reddit import RedditOptions, create_reddit
from sandbox.serve import Served
from sandbox.world import World, WorldAccount, WorldPost
from sandbox.x import XOptions, create_x
from storage.words import Brand, Reply
from tests.places.benching import Bench, Clock, patience, reply_to
from tests.places.bluesky_bench import bluesky_bench
from tests.places.fullnames import InFullnames
from tests.places.mastodon_bench import mastodon_bench
from tests.places.reddit_feed_bench import reddit_feed_bench


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
            "timeout": patience(),
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
            options=self.options,
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


def spoil_reddit(body: bytes) -> bytes:
    page = json.loads(body)
    page["data"]["children"][0]["data"]["selftext"] = None
    return json.dumps(page).encode()


@contextmanager
def reddit_bench() -> Iterator[Bench]:
    """Reddit's row."""
    clock, options = Clock(), RedditOptions()
    with World(":memory:", clock) as inner, Served(create_reddit(inner, options=options)) as served:
        world = InFullnames(inner)
        us, cora = (
            replace(account, id=f"t2_{account.id}")
            for account in (inner.add_account("reddit", handle, handle) for handle in ("rosebakery", "cora"))
        )
        inner.publish(
            "reddit", cora.id[3:], "hello", title="Bakeries", board="springfield", at=clock() - timedelta(days=40)
        )
        keys = reddit_keys("rosebakery")
        settings = RedditSettings(
            client_id=keys.client_id,
            client_secret=keys.client_secret,
            username=keys.username,
            password=keys.password,
            subreddits=("springfield",),
            reddit_url=served.url,
            oauth_url=served.url,
            timeout=patience(),
        )
        brand = Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"reddit": "rosebakery"})
        opened = open_reddit(brand, settings)
        assert opened.publisher is not None

        def complain(text: str = "@rosebakery my croissant was cold", **given: Any) -> WorldPost:
            return world.publish("reddit", cora.id, text, **{"title": "Ugh", "board": "springfield", **given})

        def limit() -> None:
            options.allowed = 0

        yield Bench(
            place="reddit",
            world=world,
            clock=clock,
            plan=options.faults,
            opened=opened,
            source=opened.sources[0],
            publisher=opened.publisher,
            us=us,
            cora=cora,
            reading=r"/r/.*/(search|comments)",
            posting="/api/comment",
            complain=complain,
            limit=limit,
            spoil=spoil_reddit,
            options=options,
        )


BENCHES: dict[str, Callable[[], AbstractContextManager[Bench]]] = {
    "x": x_bench,
    "reddit": reddit_bench,
    "mastodon": mastodon_bench,
    "bluesky": bluesky_bench,
}


READERS: dict[str, Callable[[], AbstractContextManager[Bench]]] = {**BENCHES, "reddit feed": reddit_feed_bench}
"""Benches for what is promised of reading: those that read only as well."""


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


@pytest.fixture(params=sorted(READERS))
def reader(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """As `bench`, with places that are only read; their publisher must not be touched."""
    with READERS[request.param]() as bench:
        yield bench

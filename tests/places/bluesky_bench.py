"""Bluesky's row: the town's own Bluesky with the bakery and Cora on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from places.bluesky import BlueskySettings, open_bluesky
from places.doors import Opened
from sandbox.bluesky import BlueskyOptions, create_bluesky
from sandbox.keys import bluesky_keys
from sandbox.serve import Served
from sandbox.world import World, WorldAccount, WorldPost
from storage.words import Brand
from tests.places.benching import Bench, Clock, patience

HANDLE = "rosebakery.bsky.social"


@dataclass
class BlueskyTown:
    """The town's Bluesky with more to turn than a bench has."""

    world: World
    clock: Clock
    options: BlueskyOptions
    served: Served
    us: WorldAccount
    cora: WorldAccount
    brand: Brand = field(
        default_factory=lambda: Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"bluesky": HANDLE})
    )

    def settings(self, **changes: Any) -> BlueskySettings:
        """The bakery's app password; a test's patience."""
        keys = bluesky_keys("rosebakery")
        given: dict[str, Any] = {
            "handle": keys.handle,
            "app_password": keys.app_password,
            "service_url": self.served.url,
            "timeout": patience(),
        }
        return BlueskySettings(**{**given, **changes})

    def open(self, **changes: Any) -> Opened:
        """Bluesky as the bakery has it."""
        return open_bluesky(self.brand, self.settings(**changes))

    def complain(self, text: str = "@rosebakery my croissant was cold", **given: Any) -> WorldPost:
        """Cora writes."""
        return self.world.publish("bluesky", self.cora.id, text, **given)

    def limit(self) -> None:
        """From now on no request is allowed."""
        self.options.allowed = 0

    def bench(self, source: int = 0, **changes: Any) -> Bench:
        """A bench on this town; source 0 reads mentions, 1 searches."""
        opened = self.open(**changes)
        assert opened.publisher is not None
        return Bench(
            place="bluesky",
            world=self.world,
            clock=self.clock,
            plan=self.options.faults,
            opened=opened,
            source=opened.sources[source],
            publisher=opened.publisher,
            us=self.us,
            cora=self.cora,
            reading=r"listNotifications|searchPosts",
            posting="com.atproto.repo.putRecord",
            complain=self.complain,
            limit=self.limit,
            spoil=spoil_bluesky,
            options=self.options,
        )


def spoil_bluesky(body: bytes) -> bytes:
    """The first element of a page loses its address."""
    page = json.loads(body)
    (listed,) = (page[name] for name in ("notifications", "posts") if name in page)
    listed[0]["uri"] = None
    return json.dumps(page).encode()


@contextmanager
def bluesky_town() -> Iterator[BlueskyTown]:
    """Bluesky in the town."""
    clock, options = Clock(), BlueskyOptions()
    with World(":memory:", clock) as world, Served(create_bluesky(world, options=options)) as served:
        us = world.add_account("bluesky", "rosebakery", "Rose Bakery")
        cora = world.add_account("bluesky", "cora", "Cora")
        yield BlueskyTown(world, clock, options, served, us, cora)


@contextmanager
def bluesky_bench() -> Iterator[Bench]:
    """Bluesky's row."""
    with bluesky_town() as town:
        yield town.bench()

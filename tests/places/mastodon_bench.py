"""Mastodon's row: the town's instance with the bakery on it, and Cora, who lives on another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from places.doors import Opened
from places.mastodon import MastodonSettings, open_mastodon
from sandbox.keys import mastodon_keys
from sandbox.mastodon import MastodonOptions, create_mastodon
from sandbox.serve import Served
from sandbox.world import World, WorldAccount, WorldPost
from storage.words import Brand
from tests.places.benching import Bench, Clock, patience

HANDLE = "rosebakery@town.example"


@dataclass
class MastodonTown:
    """The town's Mastodon with more to turn than a bench has."""

    world: World
    clock: Clock
    options: MastodonOptions
    served: Served
    us: WorldAccount
    cora: WorldAccount
    brand: Brand = field(
        default_factory=lambda: Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"mastodon": HANDLE})
    )

    def settings(self, **changes: Any) -> MastodonSettings:
        """The bakery's token; a test's patience."""
        given: dict[str, Any] = {
            "access_token": mastodon_keys("rosebakery").access_token,
            "instance_url": self.served.url,
            "timeout": patience(),
        }
        return MastodonSettings(**{**given, **changes})

    def open(self, **changes: Any) -> Opened:
        """Mastodon as the bakery has it."""
        return open_mastodon(self.brand, self.settings(**changes))

    def complain(self, text: str = "@rosebakery my croissant was cold", **given: Any) -> WorldPost:
        """Cora writes."""
        return self.world.publish("mastodon", self.cora.id, text, **given)

    def limit(self) -> None:
        """From now on no request is allowed."""
        self.options.allowed = 0

    def bench(self, source: int = 0, **changes: Any) -> Bench:
        """A bench on this town; source 0 reads mentions."""
        opened = self.open(**changes)
        assert opened.publisher is not None
        return Bench(
            place="mastodon",
            world=self.world,
            clock=self.clock,
            plan=self.options.faults,
            opened=opened,
            source=opened.sources[source],
            publisher=opened.publisher,
            us=self.us,
            cora=self.cora,
            reading=r"/api/v1/notifications",
            posting="/api/v1/statuses",
            complain=self.complain,
            limit=self.limit,
            spoil=spoil_mastodon,
            options=self.options,
        )


def spoil_mastodon(body: bytes) -> bytes:
    """The first notification's status loses its text."""
    page = json.loads(body)
    page[0]["status"]["content"] = None
    return json.dumps(page).encode()


@contextmanager
def mastodon_town() -> Iterator[MastodonTown]:
    """Mastodon in the town."""
    clock, options = Clock(), MastodonOptions()
    with World(":memory:", clock) as world, Served(create_mastodon(world, options=options)) as served:
        us = world.add_account("mastodon", "rosebakery", "Rose Bakery")
        cora = world.add_account("mastodon", "cora@other.example", "Cora")
        yield MastodonTown(world, clock, options, served, us, cora)


@contextmanager
def mastodon_bench() -> Iterator[Bench]:
    """Mastodon's row."""
    with mastodon_town() as town:
        yield town.bench()

"""Reddit by its public feeds: a row for what is promised of reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from places.doors import Opened, Publisher
from places.reddit import FeedSettings, open_reddit_feed
from places.reddit.markdown import escape
from sandbox.reddit import RedditOptions, create_reddit
from sandbox.serve import Served
from sandbox.world import World, WorldAccount, WorldPost
from storage.words import Brand, name_id
from tests.places.benching import Bench, Clock, patience
from tests.places.fullnames import InFullnames


@dataclass
class FeedTown:
    """Reddit's feeds in the town, with the bakery, Cora and Dan on it. Accounts have the ids by which feeds know them."""

    inner: World
    clock: Clock
    options: RedditOptions
    served: Served
    us: WorldAccount
    cora: WorldAccount
    dan: WorldAccount
    world: World
    brand: Brand = field(
        default_factory=lambda: Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"reddit": "rosebakery"})
    )

    def settings(self, **changes: Any) -> FeedSettings:
        """A test's patience, and no pace."""
        given: dict[str, Any] = {"feed_url": self.served.url, "timeout": patience(), "every": timedelta(0)}
        return FeedSettings(**{**given, **changes})

    def open(self, **changes: Any) -> Opened:
        """Reddit as the bakery has it without keys."""
        return open_reddit_feed(self.brand, self.settings(**changes))

    def says(self, who: WorldAccount, text: str, **given: Any) -> WorldPost:
        """Somebody writes what reads as `text`; a submission unless it answers something."""
        own_id = self.inner.account("reddit", handle=who.handle)
        assert own_id is not None
        where = {} if given.get("parent_id") else {"title": "Ugh", "board": "springfield"}
        return self.world.publish("reddit", f"t2_{own_id.id}", escape(text), **{**where, **given})

    def complain(self, text: str = "@rosebakery my croissant was cold", **given: Any) -> WorldPost:
        """Cora does."""
        return self.says(self.cora, text, **given)

    def limit(self) -> None:
        """From now on feeds are not answered."""
        self.options.feed_allowed = 0

    def bench(self, **changes: Any) -> Bench:
        """A bench on this town."""
        opened = self.open(**changes)
        return Bench(
            place="reddit",
            world=self.world,
            clock=self.clock,
            plan=self.options.faults,
            opened=opened,
            source=opened.sources[0],
            publisher=cast("Publisher", opened.publisher),
            us=self.us,
            cora=self.cora,
            reading=r"\.rss",
            posting="/api/comment",
            complain=self.complain,
            limit=self.limit,
            spoil=spoil_feed,
            options=self.options,
        )


class WrittenAsRead(InFullnames):
    """Edits come as people read them, and are written down as Markdown that reads so."""

    def edit(self, place: str, post_id: str, text: str, at: Any = None) -> WorldPost:
        # Feeds count whole seconds: what was edited within the second in which it was written shows no edit.
        return super().edit(place, post_id, escape(text), (at or self.clock()) + timedelta(seconds=2))

    def rename(self, place: str, account_id: str, *, handle: str | None = None, name: str | None = None) -> None:
        """Names on Reddit do not change, and it shows no others."""


def spoil_feed(body: bytes) -> bytes:
    """The first entry loses its times."""
    return re.sub(rb"<updated>[^<]*</updated><published>[^<]*</published>", b"", body, count=1)


@contextmanager
def feed_town() -> Iterator[FeedTown]:
    """Reddit's feeds in the town."""
    clock, options = Clock(), RedditOptions()
    with World(":memory:", clock) as inner, Served(create_reddit(inner, options=options)) as served:
        us, cora, dan = (
            replace(inner.add_account("reddit", handle, handle), id=name_id(handle))
            for handle in ("rosebakery", "Cora", "dan")
        )
        yield FeedTown(inner, clock, options, served, us, cora, dan, WrittenAsRead(inner))


@contextmanager
def reddit_feed_bench() -> Iterator[Bench]:
    """The feeds' row."""
    with feed_town() as town:
        yield town.bench()

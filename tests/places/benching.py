"""The bench that every place is tested on: one bakery, one customer, a clock, and what may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from places.doors import Opened, Publisher, Source
from sandbox.faults import FaultPlan
from sandbox.world import World, WorldAccount, WorldPost, utc_now
from storage.words import Audience, Post, Purpose, Reply

QUICK = 2.0
"""Seconds after which a test's client gives up on an answer."""

QUICKER = 0.8
"""The same in tests that wait for it again and again."""

_patience = [QUICK]


def patience() -> float:
    """How long clients that are opened now wait."""
    return _patience[-1]


@contextmanager
def less_patience() -> Iterator[None]:
    """Clients that are opened inside give up sooner."""
    _patience.append(QUICKER)
    try:
        yield
    finally:
        _patience.pop()


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
    options: Any = None  # the town's options of this place: index_lag above all

    def now(self) -> datetime:
        """The time in the town and here."""
        return self.clock()

    @cached_property
    def one_complaint(self) -> WorldPost:
        """A complaint for a test that is played many times and needs just one."""
        return self.complain()

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

    def lag(self, by: timedelta) -> None:
        """From now on the place's lists are behind its writes by this much."""
        self.options.index_lag = by

    def posted(self) -> list[WorldPost]:
        """What stands under our name."""
        return [post for post in self.world.posts(self.place, author_id=self.us.id) if post.deleted_at is None]

    def writes(self) -> list[int]:
        """The status of every attempt to post, as the server saw it."""
        return [
            call.status for call in self.world.calls(self.place) if call.method == "POST" and self.posting in call.path
        ]

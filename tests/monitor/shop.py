"""What the monitor's tests are made of: Ana's Rose Bakery, posts about it, and places that answer as they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.words import Account, Audience, Author, Batch, Brand, Gone, Post, Posted, Reach, Reply

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

CORA = Author("c-1", "cora", "Cora")
DAN = Author("d-1", "dan", "Dan")
US = Author("us-1", "rosebakery", "Rose Bakery")

ROSE = Brand(
    key="rosebakery",
    name="Rose Bakery",
    names=("Rose Bakery", "Пекарня Роза", "రోజ్ బేకరీ"),
    not_us=("Rose Bakery Records",),
    handles={"x": "rosebakery", "reddit": "rosebakery"},
)
NAMELESS = Brand(key="nobody", name="")


def post(text: str = "@rosebakery my cake never arrived", native_id: str = "p1", **also: Any) -> Post:
    """A public post, by Cora on X unless told otherwise, in a conversation of its own unless one is named."""
    told: dict[str, Any] = {"place": "x", "author": CORA, "created_at": NOON, "conversation_id": native_id, **also}
    return Post(native_id=native_id, text=text, **told)


class Shelf:
    """A source that gives the batches laid on it, one per poll, and fails when an exception lies there."""

    def __init__(self, key: str = "x:mentions:rosebakery", brand: str = "rosebakery", place: str = "x") -> None:
        self.key, self.brand, self.place = key, brand, place
        self.batches: list[Batch | Exception] = []
        self.now: dict[str, Post | Gone] = {}
        self.threads: dict[str, Sequence[Post] | Exception] = {}
        self.cursors: list[str | None] = []
        self.asked: list[Sequence[str]] = []
        self.looked: list[str] = []
        self.before: Callable[[], None] = lambda: None

    def lay(self, *posts: Post, cursor: str | None = "c1", more: bool = False, **also: Any) -> None:
        """What the next poll brings."""
        self.batches.append(Batch(posts, cursor, more, **also))

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """The next batch; an empty one when none is left."""
        del now
        self.before()
        self.cursors.append(cursor)
        if not self.batches:
            return Batch((), cursor)
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        return batch

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """The thread told for a conversation."""
        del now
        self.looked.append(post.conversation_id)
        thread = self.threads.get(post.conversation_id, [])
        if isinstance(thread, Exception):
            raise thread
        return thread

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """What stands there now."""
        del now
        self.before()
        self.asked.append(tuple(ids))
        return {native_id: self.now[native_id] for native_id in ids if native_id in self.now}


class Ourselves:
    """A publisher that only says who we are; `why_not` is raised instead."""

    place, account = "x", "rosebakery"

    def __init__(self, why_not: Exception | None = None) -> None:
        self.why_not = why_not
        self.asked = 0

    def me(self, now: datetime) -> Account:
        """Our account."""
        del now
        self.asked += 1
        if self.why_not is not None:
            raise self.why_not
        return Account("x", US.native_id, US.handle, US.name)

    def reach(self, post: Post, audience: Audience) -> Reach:
        """Never asked by the monitor."""
        raise AssertionError(post, audience)

    def post(self, reply: Reply, now: datetime) -> Posted:
        """Never asked by the monitor."""
        raise AssertionError(reply, now)

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Never asked by the monitor."""
        raise AssertionError(reply, now)

    def remove(self, posted: Posted, now: datetime) -> None:
        """Never asked by the monitor."""
        raise AssertionError(posted, now)

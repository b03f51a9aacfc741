"""Threads as their feeds showed them, kept for a while: there is one request a minute for everything, so threads take turns too."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from places.reddit.shapes import FULLNAME
from storage.words import Gone, Post

GOOD_FOR = timedelta(minutes=10)
"""How long what was read waits to be taken up; older than that it tells nothing about now."""

TAKEN_UP_WITHIN = timedelta(seconds=30)
"""How long it is given again once it was taken up: a look at a case asks for its posts and then for its thread."""

FORGOTTEN_AFTER = timedelta(hours=7)
"""A thread that nobody asked for in this time is not waited for: quiet cases are looked at every six hours."""

ASKED_LATELY = timedelta(minutes=15)
"""Live cases ask for their threads every five minutes; a thread not asked for since then stands in nobody's way."""

MOST = 500
MOST_LINKS = 5_000

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Where:
    """A thread's feed: that of a submission (`comment` ""), or that of one comment in it. Ids are bare. `path`: its address."""

    link: str
    comment: str = ""
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a thread's feed showed, and when; `taken` is when it was first taken up."""

    at: datetime
    posts: tuple[Post, ...]
    gone: tuple[Gone, ...]
    taken: datetime | None = None

    def everything(self) -> tuple[Post | Gone, ...]:
        """Posts, and those that are gone."""
        return (*self.posts, *self.gone)

    def is_good(self, now: datetime) -> bool:
        """Whether it still tells about now."""
        if not self.at <= now < self.at + GOOD_FOR:
            return False
        return self.taken is None or self.taken <= now < self.taken + TAKEN_UP_WITHIN


class Threads:
    """What is known of threads, and which of them wait to be read. Any thread of the process may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: OrderedDict[Where, Shown] = OrderedDict()
        self._waiting: OrderedDict[Where, datetime] = OrderedDict()
        self._last_read: OrderedDict[Where, datetime] = OrderedDict()
        self._links: OrderedDict[str, Where] = OrderedDict()

    def where(self, native_id: str) -> Where | None:
        """The feed that shows a post; None for a comment whose submission is not known."""
        with self._lock:
            known = self._links.get(native_id)
        if known is not None or not FULLNAME.fullmatch(native_id) or native_id.startswith("t1_"):
            return known
        return Where(native_id[3:], "", f"/comments/{native_id[3:]}/.rss")

    def is_at(self, native_id: str, where: Where) -> None:
        """Remember which feed shows a post."""
        with self._lock:
            _put(self._links, native_id, where, MOST_LINKS)

    def know(self, post: Post, where: Where) -> None:
        """A feed showed a post just now: whatever shows it as it was before is put right."""
        self.is_at(post.native_id, where)
        with self._lock:
            for each in {Where(where.link), Where(where.link, post.native_id[3:])} & self._shown.keys():
                shown = self._shown[each]
                posts = tuple(post if one.native_id == post.native_id else one for one in shown.posts)
                self._shown[each] = replace(shown, posts=posts)

    def take_up(self, where: Where, now: datetime) -> Shown | None:
        """What is known of a thread, while it is good; else the thread waits for its turn."""
        with self._lock:
            shown = self._shown.get(where)
            if shown is not None and shown.is_good(now):
                self._shown[where] = replace(shown, taken=shown.taken or now)
                return shown
            _put(self._waiting, where, now, MOST)
            return None

    def next_waiting(self, now: datetime, within: timedelta = FORGOTTEN_AFTER) -> Where | None:
        """The thread that has gone unread the longest, of those that wait and were asked for `within` this time."""
        with self._lock:
            for where, asked in list(self._waiting.items()):
                if not asked <= now < asked + FORGOTTEN_AFTER:
                    del self._waiting[where]
            waiting = [where for where, asked in self._waiting.items() if now < asked + within]
            ancient = datetime.min.replace(tzinfo=now.tzinfo)
            return min(waiting, key=lambda each: self._last_read.get(each, ancient), default=None)

    def read(self, where: Where, found: Iterable[Post | Gone], now: datetime) -> None:
        """A thread was read."""
        posts = tuple(one for one in found if isinstance(one, Post))
        gone = tuple(one for one in found if isinstance(one, Gone))
        with self._lock:
            self._waiting.pop(where, None)
            _put(self._last_read, where, now, MOST)
            _put(self._shown, where, Shown(now, posts, gone), MOST)


def _put(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)

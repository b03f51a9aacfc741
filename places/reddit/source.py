"""Reading Reddit for one brand: a search for submissions, the comments of chosen subreddits, and our own inbox.

Reddit has no search for comments. Its listings are not in order, end at a thousand things, and lose everything when asked for what
came `before` a post that was deleted since. So the cursor is an instant per stream, never a post, and every poll reads back a while.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from places.clean import clean_raw
from places.doors import Unavailable
from places.reddit import saying
from places.reddit.failing import NotOpen
from places.reddit.line import Line
from places.reddit.names import Names
from places.reddit.shapes import FULLNAME, Reader, Unreadable, created_of, data_of, name_of
from places.reddit.threads import read_thread
from storage.words import Batch, Brand, Gone, Poison, Post

log = logging.getLogger(__name__)

OVERLAP = {"search": timedelta(hours=6), "comments": timedelta(hours=2), "inbox": timedelta(hours=2)}
"""How far back each stream is read again: the search index knows late, moderators let posts through late."""

FIRST_LOOK = timedelta(days=7)
"""How far back the very first poll reads."""

PAGE, PAGES, LISTING_ENDS = 100, 10, 1000
INFO_AT_ONCE = 100
SPANS = (("hour", 1), ("day", 24), ("week", 7 * 24), ("month", 30 * 24), ("year", 365 * 24))
"""What `t` may be, and hours of it. A day would lose what came during an outage of three."""

INBOX = ("message/mentions", "message/selfreply/", "message/comments/")


@dataclass(slots=True)
class Haul:
    """What a poll has gathered so far."""

    posts: dict[str, Post] = field(default_factory=dict)
    poison: list[Poison] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    gap: bool = False


class RedditSource:
    """Reads Reddit for one brand. Its key is "reddit:<brand>"."""

    place = "reddit"

    def __init__(self, line: Line, brand: Brand, reader: Reader, names: Names) -> None:
        self.brand = brand.key
        self.key = f"reddit:{brand.key}"
        self._line, self._reader, self._names = line, reader, names

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """Submissions and comments that name the brand, and what was said to us, since a while before the last poll.

        Raises Unavailable, and then nothing counts as read. Where more than a listing's thousand came since the last poll, the gap
        is told, with its times as Poison, once.
        """
        marks, haul = read_marks(cursor), Haul()
        for query in self._names.queries():
            since = self._since("search", marks, now)
            params = {"q": query, "restrict_sr": "False", "sort": "new", "syntax": "lucene", "t": _span(now - since)}
            self._walk(haul, "search", "r/all/search/", params, since, marks, now, self._is_mention)
        if self._line.settings.subreddits:
            boards = "+".join(self._line.settings.subreddits)
            since = self._since("comments", marks, now)
            self._walk(haul, "comments", f"r/{boards}/comments/", {}, since, marks, now, self._is_mention)
        if self._line.settings.has_account:
            self._read_inbox(haul, marks, now)
        newest = {name: max(marks.get(name, 0.0), haul.marks.get(name, 0.0)) for name in OVERLAP}
        return Batch(tuple(haul.posts.values()), write_marks(newest), poison=tuple(haul.poison), gap=haul.gap)

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """The submission with its comments, or for a comment what stands above and below it, oldest first. Raises Unavailable."""
        return read_thread(self._line, self._reader, post, now)

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """The present state of posts by fullname. What Reddit leaves out is Gone; what cannot be read is left out here too."""
        wanted = [each for each in dict.fromkeys(ids) if FULLNAME.fullmatch(each)]
        found: dict[str, Post | Gone] = {}
        for start in range(0, len(wanted), INFO_AT_ONCE):
            part = wanted[start : start + INFO_AT_ONCE]
            answered = set()
            for thing in children_of(self._line.read("api/info/", {"id": ",".join(part)}, now)):
                seen = self._reader.read_or_poison(thing, now)
                answered.add(seen.native_id)
                if not isinstance(seen, Poison):
                    found[seen.native_id] = seen
            found.update({each: Gone(each, "hidden") for each in part if each not in answered})
        return found

    def _is_mention(self, post: Post) -> bool:
        return self._names.are_in(post.title, post.text)

    @staticmethod
    def _since(stream: str, marks: Mapping[str, float], now: datetime) -> datetime:
        if stream not in marks:
            return now - FIRST_LOOK
        mark = datetime.fromtimestamp(marks[stream], now.tzinfo)
        return min(mark, now) - OVERLAP[stream]

    def _walk(
        self,
        haul: Haul,
        stream: str,
        path: str,
        params: Mapping[str, str | int],
        since: datetime,
        marks: Mapping[str, float],
        now: datetime,
        wanted: Callable[[Post], bool],
    ) -> None:
        """Read a listing back to `since`, and keep what is wanted. A page out of order does not end it: only one that is all old."""
        seen, oldest, after = 0, now, ""
        for _ in range(PAGES):
            turned: dict[str, str | int] = {"after": after, "count": seen} if after else {}
            listing = self._line.read(path, {**params, "limit": PAGE, **turned}, now)
            things = children_of(listing)
            times = [time for time in (_time(thing, now) for thing in things) if time is not None]
            seen += len(things)
            self._keep(haul, stream, things, since, now, wanted)
            oldest = min([oldest, *times])
            turn = listing["data"].get("after")
            if not isinstance(turn, str) or turn == after or (times and max(times) < since):
                break
            after = turn
        mark = marks.get(stream)
        if mark is not None and seen >= LISTING_ENDS - PAGE and oldest.timestamp() > mark:
            why = f"Reddit shows only the newest {seen} of {path}; what came between {_clock(mark, now)} and {oldest:%d %b %H:%M} UTC is missing"
            haul.poison.append(Poison(None, why, ""))
            haul.gap = True

    def _keep(
        self,
        haul: Haul,
        stream: str,
        things: Sequence[Any],
        since: datetime,
        now: datetime,
        wanted: Callable[[Post], bool],
    ) -> None:
        for thing in things:
            read = self._reader.read_or_poison(thing, now)
            time = _time(thing, now)
            if isinstance(read, Poison):
                haul.poison.append(read)
            elif time is not None:
                haul.marks[stream] = max(haul.marks.get(stream, 0.0), time.timestamp())
            if isinstance(read, Post) and read.created_at >= since and wanted(read):
                haul.posts.setdefault(read.native_id, read)

    def _read_inbox(self, haul: Haul, marks: Mapping[str, float], now: datetime) -> None:
        """Who called us by name or answered us, anywhere on Reddit. The inbox tells neither author ids nor threads: /api/info does."""
        since, names = self._since("inbox", marks, now), []
        for path in INBOX:
            try:
                listing = self._line.read(path, {"limit": PAGE}, now)
            except NotOpen as closed:
                # Reddit has shut parts of the inbox for weeks at a time; search and comments go on without it.
                log.warning("Reddit's inbox is not open to us: %s", closed.why)
                return
            for thing in children_of(listing):
                name, time = name_of(thing), _time(thing, now)
                if name is not None and time is not None and time >= since:
                    names.append(name)
                    haul.marks["inbox"] = max(haul.marks.get("inbox", 0.0), time.timestamp())
        for native_id, state in self.again(names, now).items():
            if isinstance(state, Post):
                haul.posts.setdefault(native_id, state)


def children_of(listing: Any) -> list[Any]:
    """The things of a listing. Raises Unavailable when it is none: then nothing was read."""
    data = listing.get("data") if isinstance(listing, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(children, list):
        log.info("no listing: %s", clean_raw(listing)[:80])
        raise Unavailable(saying.NO_ANSWER)
    return children


def read_marks(cursor: str | None) -> dict[str, float]:
    """The newest instant seen in each stream. A cursor that is none of ours counts as none."""
    try:
        said = json.loads(cursor or "{}")
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    return {name: float(said[name]) for name in OVERLAP if _is_mark(said.get(name))}


def _is_mark(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11


def write_marks(marks: Mapping[str, float]) -> str | None:
    """The cursor; None while nothing was ever seen."""
    seen = {name: mark for name, mark in sorted(marks.items()) if mark > 0}
    return json.dumps(seen) if seen else None


def _time(thing: Any, now: datetime) -> datetime | None:
    try:
        return created_of(data_of(thing), now)
    except Unreadable:
        return None


def _span(back: timedelta) -> str:
    return next((name for name, hours in SPANS if back < timedelta(hours=hours)), "all")


def _clock(mark: float, now: datetime) -> str:
    return f"{datetime.fromtimestamp(mark, now.tzinfo):%d %b %H:%M}"

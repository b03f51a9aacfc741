"""Reading Reddit for one brand by its public feeds: one request for each poll, and the feeds take turns.

There are the searches for the brand's names, and the posts and comments of chosen subreddits; threads of live cases are read in between.
A feed shows the newest hundred at most. Where all of them are newer than what was read before, something may have been missed, and
the batch says so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from places.doors import Unavailable
from places.reddit.failing import NotOpen
from places.reddit.feed_cursor import FeedCursor, Mark
from places.reddit.feed_pace import Pace
from places.reddit.feed_settings import FeedSettings
from places.reddit.feed_shapes import read_posts
from places.reddit.feed_threads import ASKED_LATELY, Shown, Threads, Where
from places.reddit.feed_wire import NO_TAGS, FeedWire
from places.reddit.names import Names
from storage.words import Batch, Brand, Gone, Poison, Post

log = logging.getLogger(__name__)

PAGE = 100
"""Entries asked for; Reddit gives no more."""

FULL = 25
"""Entries from which a page may have left something out: what Reddit shows when it does not heed how many were asked for."""

FIRST_LOOK = timedelta(days=7)
OVERLAP = timedelta(hours=6)
"""How far back the first poll reads, and how long before what was read last every later one takes posts again: search knows late."""

THREADS = "threads"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed to be read in turn. `name` stays the same for as long as the settings do."""

    name: str
    path: str
    params: Mapping[str, str | int]


def feeds_of(names: Names, boards: Sequence[str]) -> tuple[Feed, ...]:
    """The feeds of a brand."""
    found = []
    for n, query in enumerate(names.queries(), 1):
        asked: dict[str, str | int] = {"q": query, "sort": "new", "type": "link", "limit": PAGE}
        found.append(Feed("search" if n == 1 else f"search:{n}", "/search.rss", asked))
    if boards:
        joined = "+".join(quote(board, safe="") for board in boards)
        found.append(Feed("comments", f"/r/{joined}/comments/.rss", {"limit": PAGE}))
        found.append(Feed("new", f"/r/{joined}/new/.rss", {"limit": PAGE}))
    return tuple(found)


class FeedSource:
    """Reads Reddit's feeds for one brand. Its key is "reddit:<brand>", the same as with keys."""

    place = "reddit"

    def __init__(self, brand: Brand, settings: FeedSettings, wire: FeedWire, pace: Pace, names: Names) -> None:
        self.brand = brand.key
        self.key = f"reddit:{brand.key}"
        self._wire, self._pace, self._names = wire, pace, names
        self._site = settings.site_url.rstrip("/")
        self._feeds = {feed.name: feed for feed in feeds_of(names, settings.subreddits)}
        self._threads = Threads()
        self._of_threads = f"{self.key}:{THREADS}"
        self._gave_way = False  # the last poll left its turn to a thread; the next one will not

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """One request: the next feed, or a thread that waits. See places.doors.Source.poll."""
        here = FeedCursor.read(cursor)
        asked = here.asked_at()
        if asked is not None:
            self._pace.asked(asked)
        try:
            self._pace.take(self.key, now)
        except Unavailable:
            if self._gave_way or self._pace.taken_by != self._of_threads:
                raise
            self._gave_way = True  # Reddit was read a moment ago, for a thread of this very brand
            return Batch((), cursor)
        self._gave_way = False
        waiting = self._threads.next_waiting(now)
        turn = self._turn_after(here.turn, threads=waiting is not None)
        if turn == THREADS and waiting is not None:
            self._read_thread(waiting, now)
            return Batch((), here.after(THREADS, now).write())
        if turn not in self._feeds:
            return Batch((), here.write())
        return self._read_feed(self._feeds[turn], here, now)

    def _turn_after(self, last: str, *, threads: bool) -> str:
        turns = [*self._feeds, *([THREADS] if threads else [])]
        if not turns:
            return ""
        return turns[(turns.index(last) + 1) % len(turns)] if last in turns else turns[0]

    def _read_feed(self, feed: Feed, here: FeedCursor, now: datetime) -> Batch:
        mark = here.mark(feed.name)
        fetched = self._wire.fetch(feed.path, feed.params, mark.tags, now)
        if fetched.body is None:
            return Batch((), here.after(feed.name, now, mark).write())
        found = read_posts(fetched.body, self._site, now)
        posts = [one for one in found if isinstance(one, Post)]
        for post in posts:
            self._threads.know(post, _where(post))
        times = [post.created_at.timestamp() for post in posts]
        since = now - FIRST_LOOK if not mark.newest else _instant(mark.newest, now) - OVERLAP
        wanted = [post for post in posts if post.created_at >= since and self._names.are_in(post.title, post.text)]
        following = here.after(feed.name, now, Mark(max(times, default=0.0), fetched.tags))
        poison = [one for one in found if isinstance(one, Poison)]
        return Batch(
            tuple({post.native_id: post for post in wanted}.values()),
            following.write(),
            poison=tuple(poison),
            gap=bool(mark.newest) and len(found) >= FULL and min(times, default=0.0) > mark.newest,
        )

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """What a thread's feed shows, oldest first; nothing while the thread waits for its turn. See places.doors.Source.thread.

        The feed says what belongs together and not what answers what; `parent_id` is told only where there is one possibility.
        """
        if not post.conversation_id.startswith("t3_"):
            return ()
        where = _where(post)
        self._threads.is_at(post.native_id, where)
        shown = self._look(where, now)
        if shown is None:
            return ()
        return _with_parents(where, sorted(shown.posts, key=_age))

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """Posts as their threads' feeds show them now. See places.doors.Source.again.

        Left out is what waits for its turn, and what a feed does not show: a feed shows only so much, so that absence proves nothing.
        """
        found: dict[str, Post | Gone] = {}
        for native_id in dict.fromkeys(ids):
            where = self._threads.where(native_id)
            shown = self._look(where, now) if where is not None else None
            found |= {one.native_id: one for one in shown.everything() if one.native_id == native_id} if shown else {}
        return found

    def _look(self, where: Where, now: datetime) -> Shown | None:
        """What is known of a thread, asking for it when it is this one's turn. Raises Unavailable."""
        shown = self._threads.take_up(where, now)
        if shown is not None:
            return shown
        if self._gave_way or not self._pace.is_free(now):
            return None
        if self._threads.next_waiting(now, ASKED_LATELY) != where:
            return None
        try:
            self._pace.take(self._of_threads, now)
        except Unavailable:  # a poll was quicker
            return None
        self._read_thread(where, now)
        return self._threads.take_up(where, now)

    def _read_thread(self, where: Where, now: datetime) -> None:
        try:
            params: dict[str, str | int] = {"limit": PAGE, "sort": "new", "context": 0}
            body = self._wire.fetch(where.path, params, NO_TAGS, now).body
        except NotOpen as closed:  # gone, or private: one thread must not hold up the others
            log.info("a thread's feed is not open to us: %s", closed.why)
            self._threads.read(where, (), now)
            return
        found = read_posts(body or b"", self._site, now)
        of_thread = [one for one in found if not isinstance(one, Poison)]
        self._threads.read(where, of_thread, now)
        for one in of_thread:
            if isinstance(one, Post):
                self._threads.know(one, _where(one))


def _where(post: Post) -> Where:
    """The feed that shows a post: its thread's, or for a comment its own."""
    link, comment = post.conversation_id[3:], post.native_id[3:] if post.native_id.startswith("t1_") else ""
    plain = f"/comments/{link}/_/{comment}/" if comment else f"/comments/{link}/"
    path = urlsplit(post.url or "").path
    stands = path.startswith("/r/") and path.endswith("/") and f"/comments/{link}/" in path and comment in path
    return Where(link, comment, (path if stands else plain) + ".rss")


def _with_parents(where: Where, posts: Sequence[Post]) -> list[Post]:
    """The posts of a thread, oldest first, with what the first comment answers: nothing else stood there when it was written."""
    root, link = f"t1_{where.comment}" if where.comment else f"t3_{where.link}", f"t3_{where.link}"
    found: list[Post] = []
    for post in posts:
        before = {one.native_id for one in found}
        answers_root = root in before and before <= {root, link} and post.native_id != link and len(posts) < FULL
        found.append(replace(post, parent_id=root) if answers_root else post)
    return found


def _age(post: Post) -> tuple[datetime, bool, int, str]:
    return post.created_at, post.native_id.startswith("t1_"), len(post.native_id), post.native_id


def _instant(seconds: float, now: datetime) -> datetime:
    return min(datetime.fromtimestamp(seconds, now.tzinfo), now)

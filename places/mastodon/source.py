"""Reading Mastodon: pages of what is asked for, conversations, and posts looked at again.

Each walk goes from the newest back to a while before the newest one known, page by page, over as many polls as it takes; only when
it is done does the cursor rise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from places.mastodon.cursor import AHEAD, Cursor
from places.mastodon.questions import Found, Question
from places.mastodon.statuses import FAILURES, NotPublic, Reader, Unreadable, instant, is_id, poison_of
from places.mastodon.threads import Threads
from places.mastodon.wire import MastodonWire, NotThere
from storage.words import Batch, Gone, Poison, Post

FIRST_LOOK = timedelta(days=7)
"""How far back the very first poll reads."""

AT_ONCE = 20
"""Statuses that an instance looks up at once, from Mastodon 4.3 on."""

PRIVATE = "Somebody wrote to you where only the two of you can read it. Amends does not read private posts; answer it on Mastodon."


class MastodonSource:
    """Mastodon read with one account and one question. See places.doors.Source."""

    place = "mastodon"

    def __init__(
        self, key: str, brand: str, question: Question, wire: MastodonWire, reader: Reader, threads: Threads
    ) -> None:
        self.key, self.brand = key, brand
        self._question, self._wire, self._reader, self._threads = question, wire, reader, threads
        self._looks_up_many = True

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """One page. See places.doors.Source.poll."""
        here = Cursor.read(cursor)
        since, below = self._since(here, now), None
        if here.walk is not None:
            since, below = here.walk.since, here.walk.below
        page = self._question.ask(below, now)
        posts: list[Post] = []
        poison: list[Poison] = []
        times: list[datetime] = []
        for found in page:
            try:
                at = instant(found.at)
                times.append(at)
                if at >= since:
                    posts.append(self._read(found, now))
            except NotPublic:
                if here.mark is None or times[-1] > here.mark:
                    poison.append(Poison(found.status["id"], PRIVATE, ""))
            except FAILURES as error:
                poison.append(poison_of(found.status, error))
        following = (
            _next_below(page, below) if times and times[-1] >= since else None
        )  # newest first: the last is the oldest
        newest = max((at for at in times if at <= now + AHEAD), default=None)
        return Batch(tuple(posts), here.turned(newest, following, since).write(), following is not None, tuple(poison))

    def _since(self, here: Cursor, now: datetime) -> datetime:
        return here.mark - self._question.overlap if here.mark is not None else now - FIRST_LOOK

    def _read(self, found: Found, now: datetime) -> Post:
        if not is_id(found.id):
            raise Unreadable("no id")
        self._reader.read(found.status)  # what cannot be read, or is not for everybody, costs no request
        return self._reader.read(found.status, self._threads.root(found.status, now))

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """The conversation around a post, without what is not public. See places.doors.Source.thread."""
        return self._threads.read(post, now) if is_id(post.native_id) else ()

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """Posts by id. See places.doors.Source.again. What cannot be read is left out: that is no proof that a post is gone."""
        wanted = [native for native in dict.fromkeys(ids) if is_id(native)]
        found: dict[str, Post | Gone] = {}
        for at in range(0, len(wanted), AT_ONCE):
            part = wanted[at : at + AT_ONCE]
            found |= self._look_up(part, now)
        for native in wanted:
            if native not in found:
                # An instance says nothing of those that are gone when several are looked up, and the older ones look up no more than one.
                found |= self._look_at(native, now)
        return found

    def _look_up(self, ids: Sequence[str], now: datetime) -> dict[str, Post | Gone]:
        if not self._looks_up_many or len(ids) < 2:
            return {}
        try:
            told = self._wire.read(lambda client: client.statuses(list(ids)), now)
        except NotThere:
            self._looks_up_many = False
            return {}
        return self._states(told if isinstance(told, list) else [], ids)

    def _look_at(self, native: str, now: datetime) -> dict[str, Post | Gone]:
        try:
            return self._states([self._wire.read(lambda client: client.status(native), now)], [native])
        except NotThere:
            return {native: Gone(native, "deleted")}

    def _states(self, statuses: Sequence[object], ids: Sequence[str]) -> dict[str, Post | Gone]:
        states: dict[str, Post | Gone] = {}
        for status in statuses:
            native = status.get("id") if isinstance(status, dict) else None
            if not isinstance(native, str) or native not in ids:
                continue
            try:
                states[native] = self._reader.read(status, self._threads.known(native))
            except NotPublic:
                states[native] = Gone(native, "hidden")
            except FAILURES:
                continue  # nothing can be said of it: the next look may tell
        return states


def _next_below(page: Sequence[Found], below: str | None) -> str | None:
    """The id under which the next page lies; None where this one names none, or is the same again."""
    ids = [found.id for found in page if is_id(found.id)]
    return ids[-1] if ids and ids[-1] != below else None

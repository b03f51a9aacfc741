"""Writing to Reddit as one account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from places.doors import Refused, Unavailable, Unsure
from places.reddit.line import Line
from places.reddit.markdown import escape
from places.reddit.place import MOST, SUBJECT
from places.reddit.shapes import FULLNAME, Closed, address_of, instant, name_of
from places.reddit.source import children_of
from storage.words import Account, Audience, Post, Posted, Reach, ReachHow, Reply

CLOCKS_DIFFER = timedelta(minutes=5)
"""A reply is looked for from this long before `sent_at`: Reddit counts whole seconds, by a clock of its own. What else of ours may
lie there is in `known_ids`."""

PAGE, PAGES = 100, 10


class RedditPublisher:
    """Writes as one account. Every post is one request; nothing here sleeps or repeats."""

    place = "reddit"

    def __init__(self, line: Line, account: str, closed: Closed) -> None:
        self.account = account
        self._line, self._closed = line, closed
        self._site = line.settings.site_url.rstrip("/")

    def me(self, now: datetime) -> Account:
        """Our own account. Raises Unavailable."""
        return self._line.me(now)

    def reach(self, post: Post, audience: Audience) -> Reach:
        """Reddit lets us answer anybody, free of charge, unless the thread is locked or archived as far as we have seen."""
        if audience is Audience.PRIVATE:
            return Reach(ReachHow.API, "We can write to them privately on Reddit.")
        why = self._closed.why(post.native_id, post.conversation_id)
        if why:
            return Reach(ReachHow.NONE, why)
        if not FULLNAME.fullmatch(post.native_id):
            return Reach(ReachHow.NONE, "This is no post of Reddit's.")
        if not self._line.settings.posts:
            return Reach(ReachHow.BY_HAND, "You chose to post on Reddit yourself.")
        return Reach(ReachHow.API, "We can post this on Reddit.")

    def post(self, reply: Reply, now: datetime) -> Posted:
        """Put the reply up, with one request. `native_id` is None where Reddit made it and named none (quarantined subreddits)."""
        text = escape(reply.text)
        if len(text) > MOST:
            raise Refused(
                f"The text is longer than Reddit takes ({len(text)} of {MOST} characters). Please shorten it."
            )
        if reply.audience is Audience.PRIVATE:
            self._line.write("api/compose/", {"to": reply.customer_handle, "subject": SUBJECT, "text": text}, now)
            return Posted(None, None, now)
        if not FULLNAME.fullmatch(reply.parent_id):
            raise Refused("This is no post of Reddit's, so there is nothing to answer.")
        said = self._line.write("api/comment/", {"text": text, "thing_id": reply.parent_id}, now)
        return self._posted(said, reply, now)

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Our own comment under the parent, or our own letter, from `sent_at` on and not among `known_ids`. Raises Unavailable."""
        parents = {reply.parent_id, *reply.parent_ids}
        since = reply.sent_at - CLOCKS_DIFFER
        found: list[Posted] = []
        for data, at in self._own(reply, since, now):
            name = str(data.get("name"))
            if name in reply.known_ids:
                continue
            if (
                reply.audience is Audience.PRIVATE
                and str(data.get("dest", "")).lower() == reply.customer_handle.lower()
            ):
                found.append(Posted(name, None, at))
            if reply.audience is Audience.PUBLIC and data.get("parent_id") in parents:
                found.append(Posted(name, address_of(self._site, name, data, reply.conversation_id), at))
        return min(found, key=lambda each: each.at, default=None)

    def remove(self, posted: Posted, now: datetime) -> None:
        """Delete our own comment; harmless when it is gone. Raises Unavailable, Refused or Unsure."""
        if posted.native_id is None or not FULLNAME.fullmatch(posted.native_id):
            raise Refused("Reddit takes back only comments that we know by their id.", by_hand=True)
        self._line.write("api/del/", {"id": posted.native_id}, now)

    def _own(self, reply: Reply, since: datetime, now: datetime) -> Iterator[tuple[Mapping[str, Any], datetime]]:
        """What we wrote since an instant, newest first."""
        path = f"user/{self._line.me(now).handle}/comments/"
        if reply.audience is Audience.PRIVATE:
            path = "message/sent/"
        after = ""
        for _ in range(PAGES):
            turned = {"after": after} if after else {}
            listing = self._line.read(path, {"sort": "new", "limit": PAGE, **turned}, now)
            things = [_written(thing, now) for thing in children_of(listing)]
            yield from ((data, at) for data, at in things if at >= since)
            turn = listing["data"].get("after")
            if not isinstance(turn, str) or turn == after or all(at < since for _, at in things):
                return
            after = turn
        raise Unavailable("Our account wrote more on Reddit than can be looked through.")

    def _posted(self, said: Mapping[str, Any], reply: Reply, now: datetime) -> Posted:
        inner = said.get("json")
        if not isinstance(inner, dict):
            raise Unsure("Reddit's answer says neither yes nor no.")
        data = inner.get("data")
        things = data.get("things") if isinstance(data, dict) else None
        thing = things[0] if isinstance(things, list) and things else None
        name = name_of(thing)
        if thing is None or name is None:
            return Posted(None, None, now)
        data, at = _written(thing, now)
        return Posted(name, address_of(self._site, name, data, reply.conversation_id), at)


def _written(thing: Any, now: datetime) -> tuple[Mapping[str, Any], datetime]:
    """What we wrote and when. An odd time counts as now: nothing of ours may be overlooked."""
    data = thing.get("data") if isinstance(thing, dict) else None
    if not isinstance(data, dict):
        raise Unavailable("Reddit shows what we wrote in a way we can't read.")
    return data, instant(data.get("created_utc")) or now

"""Writing to Bluesky as one account: whether we may answer, putting up under a key of our own, looking whether we did, taking down.

A reply has its place in our repository before it is written: `key_of` names it, and Bluesky is told to write only where nothing is. The
same reply put up twice is one post, and nothing that is up is ever written over (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from places.bluesky.composing import record_of
from places.bluesky.failing import NotThere
from places.bluesky.line import Line
from places.bluesky.memory import Memory
from places.bluesky.place import BYTES, GRAPHEMES, BlueskyPlace
from places.bluesky.posts import instant
from places.bluesky.settings import BlueskySettings
from places.bluesky.uris import POST, author_of, is_uri, key_of, link_to, rkey_of, time_of, uri_of
from places.doors import Refused, Unavailable, Unsure
from storage.words import Account, Audience, Post, Posted, Reach, ReachHow, Reply

SKEW = timedelta(minutes=5)
"""How far the clock of whoever answered from the app may be from ours."""
PAGE, PAGES = 100, 10

PUT = "com.atproto.repo.putRecord"
GET = "com.atproto.repo.getRecord"
LIST = "com.atproto.repo.listRecords"
DELETE = "com.atproto.repo.deleteRecord"


class BlueskyPublisher:
    """Bluesky written to as the brand's account. See places.doors.Publisher."""

    place = "bluesky"

    def __init__(self, line: Line, settings: BlueskySettings, memory: Memory) -> None:
        self._line, self._settings, self._memory = line, settings, memory
        self._counts = BlueskyPlace()
        self.account = settings.handle

    def me(self, now: datetime) -> Account:
        """Our account, as Bluesky named it at the last log-in. Raises Unavailable."""
        return self._line.me(now)

    def reach(self, post: Post, audience: Audience) -> Reach:
        """Bluesky's custom for accounts like ours: speak to those who spoke to you. Others the owner answers by hand, unless told otherwise."""
        if audience is Audience.PRIVATE:
            return Reach(
                ReachHow.NONE,
                "Amends sends no private messages on Bluesky. Ask them to write to you, in your public answer.",
            )
        if not is_uri(post.native_id):
            return Reach(ReachHow.NONE, "This is no post of Bluesky's.")
        closed = self._memory.closed(post.native_id)
        if closed:
            return Reach(ReachHow.NONE, closed)
        known = self._line.session.known
        ours = {self.account, *((known.native_id,) if known is not None else ())}
        if ours & {post.author.native_id, post.author.handle.lower()}:
            return Reach(ReachHow.API, "This is our own post, so Amends can add to it.")
        if ours & set(post.addressed):
            return Reach(ReachHow.API, f"They wrote to @{self.account}, so Amends can post your answer.")
        if self._settings.answer_untagged:
            return Reach(
                ReachHow.API, f"They did not write to @{self.account}; you chose to answer such posts from here."
            )
        why = f"They did not write to @{self.account}, and on Bluesky businesses are asked to speak only to those who did. You can still answer there yourself."
        return Reach(ReachHow.BY_HAND, why)

    def post(self, reply: Reply, now: datetime) -> Posted:
        """Put the reply up under its own key, with one request that writes; before it, what is answered is looked at once more."""
        self._check(reply)
        me = self.me(now)
        record = record_of(self._line, reply, now)
        rkey = key_of(reply)
        # A null swapRecord: only where nothing is yet. The same bytes again are taken without a word; others are refused.
        asked = {"repo": me.native_id, "collection": POST, "rkey": rkey, "record": record, "swapRecord": None}
        body = self._line.write(PUT, asked, now)
        uri = uri_of(me.native_id, rkey)
        if body is None or body.get("uri") != uri or not isinstance(body.get("cid"), str):
            raise Unsure("Bluesky took the reply, it seems, but its answer cannot be read.")
        return Posted(uri, link_to(self._settings.site_url, me.handle, uri), now)

    def _check(self, reply: Reply) -> None:
        if reply.audience is not Audience.PUBLIC:
            raise Refused("Amends sends no private messages on Bluesky.", by_hand=True)
        if not is_uri(reply.parent_id):
            raise Refused("We do not know the post on Bluesky that this answers.")
        length = self._counts.measure(reply.text, reply.audience)
        if not length.fits:
            raise Refused(
                f"The text is longer than Bluesky takes ({GRAPHEMES} characters and {BYTES} bytes). Please shorten it."
            )

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Under its own key in our repository; failing that, an answer of ours under the parent from another app. Raises Unavailable."""
        me = self.me(now)
        parents = {reply.parent_id, *reply.parent_ids}
        own = uri_of(me.native_id, key_of(reply))
        value = self._own(me, rkey_of(own), now)
        if value is not None and _parent_of(value) in parents:
            return self._found(me, own, value, now)
        since = (reply.first_sent_at or reply.sent_at) - SKEW
        others = [
            (instant(value.get("createdAt")) or now, uri, value)
            for uri, value in self._written(me, since, now)
            if _parent_of(value) in parents and uri not in {own, *reply.known_ids}
        ]
        made = min((one for one in others if one[0] >= since), key=lambda one: one[:2], default=None)
        return self._found(me, made[1], made[2], now) if made is not None else None

    def _found(self, me: Account, uri: str, value: Mapping[str, Any], now: datetime) -> Posted:
        at = instant(value.get("createdAt"))
        return Posted(uri, link_to(self._settings.site_url, me.handle, uri), min(at, now) if at is not None else now)

    def _own(self, me: Account, rkey: str, now: datetime) -> Mapping[str, Any] | None:
        """What stands under a key in our repository; our own server shows at once what it took."""
        try:
            body = self._line.read(GET, {"repo": me.native_id, "collection": POST, "rkey": rkey}, now)
        except NotThere:
            return None
        value = body.get("value")
        if not isinstance(value, dict):
            raise Unavailable("Bluesky answered with something that is no post of ours.")
        return value

    def _written(self, me: Account, since: datetime, now: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What we wrote since an instant, by any app, newest keys first. Raises Unavailable, also when it is too much to look through."""
        token: str | None = None
        for _ in range(PAGES):
            asked = {"repo": me.native_id, "collection": POST, "limit": PAGE, **({"cursor": token} if token else {})}
            body = self._line.read(LIST, asked, now)
            listed = body.get("records")
            if not isinstance(listed, list):
                raise Unavailable("Bluesky answered with something that is no list of our posts.")
            made: list[datetime] = []
            for one in listed:
                uri, value = (one.get("uri"), one.get("value")) if isinstance(one, dict) else (None, None)
                if not isinstance(uri, str) or not is_uri(uri) or not isinstance(value, dict):
                    raise Unavailable("Bluesky shows what we wrote in a way we can't read.")
                made.append(time_of(rkey_of(uri)) or now)
                yield uri, value
            token = body.get("cursor")
            if not isinstance(token, str) or not token or (made and max(made) < since):
                return
        raise Unavailable("Our account wrote more on Bluesky than can be looked through.")

    def remove(self, posted: Posted, now: datetime) -> None:
        """Take our own post down; harmless when it is already gone. Raises Unavailable, Refused or Unsure."""
        me = self.me(now)
        uri = posted.native_id
        if uri is None or not is_uri(uri):
            raise Refused("We do not know which post on Bluesky it is; delete it there.", by_hand=True)
        if author_of(uri) != me.native_id:
            raise Refused(f"This post is not one of @{me.handle}'s; delete it there.", by_hand=True)
        body = self._line.write(DELETE, {"repo": me.native_id, "collection": POST, "rkey": rkey_of(uri)}, now)
        if body is None:
            raise Unsure("Bluesky did not say whether it took the post down.")


def _parent_of(value: Mapping[str, Any]) -> str | None:
    reply = value.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    uri = parent.get("uri") if isinstance(parent, dict) else None
    return uri if isinstance(uri, str) else None

"""Writing to X as one account: whether we may answer, posting with one request, looking whether we did, taking down."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from places.doors import Refused, Unavailable, Unsure
from places.x.identity import Identity
from places.x.posts import ASKED, is_id, link_to, read_posts
from places.x.settings import XSettings
from places.x.wire import Body, XWire
from storage.words import Account, Audience, Post, Posted, Reach, ReachHow, Reply

SUMMONED = Decimal("0.010")
UNSUMMONED = Decimal("0.015")
"""US dollars for a reply to somebody who mentioned us, and for any other post (X's price list, 2026-08). With a link: 0.200."""

SKEW = timedelta(minutes=2)
"""How far X's clock may be from ours when we look for a reply made since we sent it."""
LOOK_PAGES = 10
PAGE = 100


class XPublisher:
    """X written to as the brand's account. See places.doors.Publisher."""

    place = "x"

    def __init__(self, wire: XWire, identity: Identity, settings: XSettings) -> None:
        self._wire, self._identity, self._settings = wire, identity, settings
        self.account = identity.handle

    def me(self, now: datetime) -> Account:
        """Our account; asked once. Raises Unavailable."""
        return self._identity.me(now)

    def reach(self, post: Post, audience: Audience) -> Reach:
        """X's rule since 2026-02-23: we may answer whom mentioned or quoted us in that very post, and ourselves."""
        if audience is Audience.PRIVATE:
            return Reach(
                ReachHow.NONE, "Amends sends no private messages on X. Ask them to write to you, in your public answer."
            )
        known, handle = self._identity.known, self.account
        ours = {handle.lower(), *((known.native_id,) if known is not None else ())}
        if post.is_repost:
            return Reach(ReachHow.NONE, "This only repeats what somebody else wrote; answer the original.")
        if post.author.native_id in ours or post.author.handle.lower() == handle.lower():
            return Reach(
                ReachHow.API,
                f"This is our own post, so Amends can add to it. X charges {_cents(UNSUMMONED)}.",
                UNSUMMONED,
            )
        if ours & set(post.addressed):
            why = f"They wrote to @{handle}, so Amends can post your answer. X charges {_cents(SUMMONED)}, or 20 cents with a link in it."
            return Reach(ReachHow.API, why, SUMMONED)
        why = f"They did not mention @{handle}, so X takes an answer only from its own page. You post it there with one tap; it costs nothing."
        return Reach(ReachHow.BY_HAND, why)

    def post(self, reply: Reply, now: datetime) -> Posted:
        """One POST. See places.doors.Publisher.post. The first time, X is asked beforehand whose keys these are."""
        if reply.audience is not Audience.PUBLIC:
            raise Refused("Amends sends no private messages on X.", by_hand=True)
        if not is_id(reply.parent_id):
            raise Refused("We do not know the post on X that this answers.")
        me = self.me(now)
        body = self._wire.write(
            lambda client: client.create_tweet(text=reply.text, in_reply_to_tweet_id=reply.parent_id, user_auth=True),
            now,
        )
        data = body.get("data") if body is not None else None
        if not isinstance(data, dict):
            raise Unsure("X took the reply, it seems, but its answer cannot be read.")
        native = data.get("id")
        if not isinstance(native, str) or not is_id(native):
            return Posted(None, None, now)
        return Posted(native, link_to(me.handle, native, self._settings.site_url), now)

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Among our own posts since then, the first under the parent that is not another reply of ours. Raises Unavailable."""
        me = self.me(now)
        since = reply.sent_at - SKEW
        parents = {reply.parent_id, *reply.parent_ids}
        posts, all_seen = self._own_posts(me, since, now)
        found = [
            post
            for post in posts
            if post.author.native_id == me.native_id and post.parent_id in parents and post.created_at >= since
            if not {post.native_id, post.reply_to} & set(reply.known_ids)
        ]
        if found:
            first = min(found, key=lambda post: (post.created_at, int(post.native_id)))
            return Posted(
                first.native_id, link_to(me.handle, first.native_id, self._settings.site_url), first.created_at
            )
        if not all_seen:
            raise Unavailable("X did not show us all of our own posts.")
        return None

    def _own_posts(self, me: Account, since: datetime, now: datetime) -> tuple[list[Post], bool]:
        """Our posts since then, and whether these are all of them."""
        posts: list[Post] = []
        token: str | None = None
        all_seen = True
        for _ in range(LOOK_PAGES):
            body = self._own_page(me, since, token, now)
            page, poison = read_posts(body, self._settings.site_url)
            posts += page
            meta = body.get("meta")
            all_seen = all_seen and not poison and isinstance(meta, dict)
            token = meta.get("next_token") if isinstance(meta, dict) else None
            if not isinstance(token, str):
                return posts, all_seen
        return posts, False

    def _own_page(self, me: Account, since: datetime, token: str | None, now: datetime) -> Body:
        asked: dict[str, Any] = {
            **ASKED,
            "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "pagination_token": token,
            "max_results": PAGE,
        }
        return self._wire.read(lambda client: client.get_users_tweets(me.native_id, user_auth=True, **asked), now)

    def remove(self, posted: Posted, now: datetime) -> None:
        """Take our own post down. See places.doors.Publisher.remove."""
        native = posted.native_id
        if native is None or not is_id(native):
            raise Refused("We do not know which post on X it is; delete it there.", by_hand=True)
        self.me(now)
        try:
            body = self._wire.write(lambda client: client.delete_tweet(native, user_auth=True), now)
        except Refused:
            if self._is_gone(native, now):
                return
            raise
        data = body.get("data") if body is not None else None
        if not isinstance(data, dict) or data.get("deleted") is not True:
            raise Unsure("X did not say whether it took the post down.")

    def _is_gone(self, native: str, now: datetime) -> bool:
        body = self._wire.read(lambda client: client.get_tweets([native], user_auth=True), now)
        errors = body.get("errors")
        return not body.get("data") and isinstance(errors, list) and bool(errors)


def _cents(dollars: Decimal) -> str:
    cents = dollars * 100
    return "1 cent" if cents == 1 else f"{cents.normalize():f} cents"

"""Writing to Mastodon as one account: whether we may answer, posting once for each key, looking whether we did, taking down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from places.doors import Refused, Unavailable, Unsure
from places.mastodon.handles import Home
from places.mastodon.identity import Identity
from places.mastodon.instance import Instance
from places.mastodon.markup import text_of
from places.mastodon.settings import MastodonSettings
from places.mastodon.statuses import FAILURES, Reader, Unreadable, instant, is_id
from places.mastodon.wire import MastodonWire, NotThere
from storage.words import Account, Audience, Post, Posted, Reach, ReachHow, Reply

SKEW = timedelta(minutes=5)
"""How far the instance's clock may be from ours when we look for a reply made since we sent it."""

PAGE, LOOK_PAGES = 40, 10


class MastodonPublisher:
    """Mastodon written to as the brand's account. See places.doors.Publisher."""

    place = "mastodon"

    def __init__(
        self,
        wire: MastodonWire,
        identity: Identity,
        home: Home,
        reader: Reader,
        instance: Instance,
        settings: MastodonSettings,
    ) -> None:
        self._wire, self._identity, self._home = wire, identity, home
        self._reader, self._instance, self._settings = reader, instance, settings
        self.account = home.us

    def me(self, now: datetime) -> Account:
        """Our account; asked once. Raises Unavailable."""
        return self._identity.me(now)

    def reach(self, post: Post, audience: Audience) -> Reach:
        """Mastodon lets us answer anybody; its people do not want that of a company they did not call. Free of charge."""
        if audience is Audience.PRIVATE:
            why = "Amends sends no private messages on Mastodon. Ask them to write to you, in your public answer."
            return Reach(ReachHow.NONE, why)
        if post.is_repost:
            return Reach(ReachHow.NONE, "This only repeats what somebody else wrote; answer the original.")
        known, us = self._identity.known, self._home.us.lower()
        ours = {us, *((known.native_id,) if known is not None else ())}
        if post.author.native_id in ours or post.author.handle.lower() == us:
            return Reach(ReachHow.API, "This is our own post, so Amends can add to it.")
        begins = f"It begins with @{self._home.short(post.author.handle)}, so that they are told of it."
        if ours & set(post.addressed):
            return Reach(ReachHow.API, f"They wrote to @{us}, so Amends can post your answer. {begins}")
        if self._settings.answer_untagged:
            why = f"They did not call @{us}; you chose to answer all the same. {begins}"
            return Reach(ReachHow.API, why)
        why = (
            f"They did not call @{us}. On Mastodon a company answers only those who did, unless you decide otherwise: "
            "you post this one there yourself."
        )
        return Reach(ReachHow.BY_HAND, why)

    def post(self, reply: Reply, now: datetime) -> Posted:
        """One POST under the reply's own key. See places.doors.Publisher.post. The first time, whose token this is is asked before."""
        if reply.audience is not Audience.PUBLIC:
            raise Refused("Amends sends no private messages on Mastodon.", by_hand=True)
        if not is_id(reply.parent_id):
            raise Refused("We do not know the post on Mastodon that this answers.")
        text = self._addressed(reply)
        me = self.me(now)
        body = self._wire.write(
            lambda client: client.status_post(
                text,
                in_reply_to_id=reply.parent_id,
                visibility="unlisted",
                language=reply.language or None,
                idempotency_key=reply.key,
            ),
            now,
        )
        if not isinstance(body, dict) or not is_id(body.get("id")):
            raise Unsure(f"{self._wire.host} took the reply, it seems, but its answer cannot be read.")
        if body.get("in_reply_to_id") != reply.parent_id:
            raise Unsure(f"{self._wire.host} names something that answers another post.")
        return self._posted(body, me, now)

    def _addressed(self, reply: Reply) -> str:
        """The text that goes out: the approved one, behind the customer's name. Raises Refused."""
        try:
            text = self._home.address(reply.text, reply.customer_handle)
        except ValueError:
            raise Refused("We do not know the name of whom this answers.", by_hand=True) from None
        limits = self._instance.limits
        if limits.count(text) > limits.most:
            raise Refused(
                f"With the customer's name in front the text is longer than {self._wire.host} takes "
                f"({limits.count(text)} of {limits.most} characters). Please shorten it."
            )
        return text

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Our first status under the parent since the first try, that is not another reply of ours. Raises Unavailable.

        Looked for among our own statuses and once more under the parent: two views of which one may be behind.
        """
        me = self.me(now)
        since = (reply.first_sent_at or reply.sent_at) - SKEW
        own, all_seen = self._own(me, since, now)
        under = [] if any(self._is_it(each, reply) for each in own) else self._under(reply, now)
        found = [each for each in own if self._is_it(each, reply)]
        found += [each for each in under if _author_of(each) == me.native_id and self._is_it(each, reply)]
        found = [each for each in found if _time(each) >= since]
        if found:
            return self._posted(min(found, key=lambda each: (_time(each), len(each["id"]), each["id"])), me, now)
        if not all_seen:
            raise Unavailable(f"{self._wire.host} did not show us all of our own posts.")
        return None

    def _is_it(self, status: Any, reply: Reply) -> bool:
        if status["id"] in reply.known_ids:
            return False
        parent = status.get("in_reply_to_id")
        if parent is None and status.get("in_reply_to_account_id") is not None:
            # The customer deleted the post meanwhile: the answer hangs in the air, and only whom it names and its words tell which it is.
            content, names = status.get("content"), self._reader.addressed(status)
            same = isinstance(content, str) and _words(text_of(content)).endswith(_words(reply.text))
            return same and reply.customer_handle.lower() in names
        return parent in {reply.parent_id, *reply.parent_ids}

    def _own(self, me: Account, since: datetime, now: datetime) -> tuple[list[Any], bool]:
        """Our own statuses since then, and whether these are all of them."""
        own: list[Any] = []
        all_seen, below = True, None
        for _ in range(LOOK_PAGES):
            page = self._own_page(me, below, now)
            whole = [each for each in page if _is_whole(each)]
            own += [each for each in whole if _time(each) >= since]
            all_seen = all_seen and len(whole) == len(page)
            if not page or (whole and max(map(_time, whole)) < since):
                return own, all_seen
            if not whole or whole[-1]["id"] == below:
                break
            below = whole[-1]["id"]
        return own, False

    def _own_page(self, me: Account, below: str | None, now: datetime) -> list[Any]:
        page = self._wire.read(
            lambda client: client.account_statuses(me.native_id, exclude_reblogs=True, max_id=below, limit=PAGE), now
        )
        if not isinstance(page, list):
            raise Unavailable(f"{self._wire.host} answered with something that is no list.")
        return page

    def _under(self, reply: Reply, now: datetime) -> list[Any]:
        """What stands under the parent, as far as it can be read."""
        try:
            told = self._wire.read(lambda client: client.status_context(reply.parent_id), now)
        except NotThere:
            return []  # the parent is gone: our own statuses have told all there is
        below = told.get("descendants") if isinstance(told, dict) else None
        return [each for each in below or [] if _is_whole(each)]

    def remove(self, posted: Posted, now: datetime) -> None:
        """Take our own status down. See places.doors.Publisher.remove."""
        native = posted.native_id
        if native is None or not is_id(native):
            raise Refused("We do not know which post on Mastodon it is; delete it there.", by_hand=True)
        self.me(now)
        try:
            self._wire.write(lambda client: client.status_delete(native), now)
        except Refused:
            if self._is_gone(native, now):
                return
            raise

    def _is_gone(self, native: str, now: datetime) -> bool:
        try:
            self._wire.read(lambda client: client.status(native), now)
        except NotThere:
            return True
        return False

    def _posted(self, status: Any, me: Account, now: datetime) -> Posted:
        try:
            at = _time(status)
        except FAILURES:
            at = now
        return Posted(status["id"], self._reader.link(me.handle, status["id"]), at)


def _time(status: Any) -> datetime:
    if not isinstance(status, dict) or not is_id(status.get("id")):
        raise Unreadable("no id")
    return instant(status.get("created_at"))


def _is_whole(status: Any) -> bool:
    try:
        _time(status)
    except FAILURES:
        return False
    return True


def _author_of(status: Any) -> Any:
    account = status.get("account")
    return account.get("id") if isinstance(account, dict) else None


def _words(text: str) -> str:
    return " ".join(text.split())

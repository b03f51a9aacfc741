"""What is known of Mastodon without asking: what it can do, how it counts, and where a person answers."""

from __future__ import annotations

from datetime import timedelta

from places.doors import Capabilities, Repeat
from places.mastodon.handles import ACCT
from places.mastodon.instance import Instance
from places.mastodon.statuses import Reader, is_id
from storage.words import Audience, Length, Reply

SETTLE = timedelta(minutes=2)
"""Ten seconds of waiting for an answer, a minute in which a request may wait its turn behind the instance's door, and some to spare."""

KEY_LIVES = timedelta(minutes=50)
"""An instance remembers an Idempotency-Key for an hour (Mastodon's API documentation); ten minutes less, since a key counts from when
the request was carried out and clocks differ."""

ROOM_FOR_NAME = 32
"""Characters kept free for "@customer ": names have at most 30 on Mastodon, and addresses of other instances do not count."""

CAPABILITIES = Capabilities(
    place="mastodon",
    title="Mastodon",
    reads=True,
    posts=True,
    removes=True,
    private=False,
    repeat=Repeat.KEYED,
    settle=SETTLE,
    key_lives=KEY_LIVES,
    addresses=True,
)


class MastodonPlace:
    """Mastodon as one account sees it. See places.doors.Place."""

    capabilities = CAPABILITIES

    def __init__(self, instance: Instance, reader: Reader) -> None:
        self._instance, self._reader = instance, reader

    def measure(self, text: str, audience: Audience) -> Length:  # noqa: ARG002 - both audiences have the same limit
        """Characters of the text as the instance counts them, out of what it takes beside the customer's name."""
        limits = self._instance.limits
        return Length(limits.count(text), limits.most - ROOM_FOR_NAME)

    def compose_link(self, reply: Reply) -> str | None:
        """The post's page on our own instance, where a person can answer. Mastodon fills in the name there, and no text."""
        if not is_id(reply.parent_id) or not ACCT.fullmatch(reply.customer_handle):
            return None
        return self._reader.link(reply.customer_handle, reply.parent_id)

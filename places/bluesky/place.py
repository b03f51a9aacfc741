"""What is known of Bluesky without an account: how it counts, what it can do, and where a person answers."""

from __future__ import annotations

from datetime import timedelta

import regex

from places.bluesky.settings import SITE
from places.bluesky.uris import is_uri, link_to
from places.doors import Capabilities, Repeat
from storage.words import Audience, Length, Reply

GRAPHEMES, BYTES = 300, 3_000
"""A post holds as much of both as the lexicon app.bsky.feed.post says: what people count as characters, and bytes of UTF-8."""

SETTLE = timedelta(minutes=1)
"""Twenty seconds of waiting for an answer, and a late execution. An account's own server shows at once what it took."""

_GRAPHEME = regex.compile(r"\X")


class BlueskyPlace:
    """Bluesky. See places.doors.Place."""

    capabilities = Capabilities(
        place="bluesky",
        title="Bluesky",
        reads=True,
        posts=True,
        removes=True,
        private=False,
        repeat=Repeat.KEYED,
        settle=SETTLE,
    )

    def __init__(self, site_url: str = SITE) -> None:
        self._site = site_url

    def measure(self, text: str, audience: Audience) -> Length:
        """Graphemes: a family emoji is one, a letter with its marks is one. Where the bytes run out first, tenths of bytes are told."""
        del audience
        size = len(text.encode("utf-8", "replace"))
        if size > BYTES:
            return Length(-(-size * GRAPHEMES // BYTES), GRAPHEMES)
        return Length(len(_GRAPHEME.findall(text)), GRAPHEMES)

    def compose_link(self, reply: Reply) -> str | None:
        """The post's own page: Bluesky's composer cannot be told what it answers."""
        if reply.parent_url and reply.parent_url.startswith((f"{self._site}/", f"{SITE}/")):
            return reply.parent_url
        return link_to(self._site, reply.customer_handle, reply.parent_id) if is_uri(reply.parent_id) else None

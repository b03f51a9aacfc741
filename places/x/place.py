"""What is known of X without an account: how it counts, what it can do, and its own composer."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from places.clean import clean_text
from places.doors import Capabilities, Repeat
from places.x.settings import SITE
from storage.words import Audience, Length, Reply

LIMIT = 280
"""Weighted characters of a post (twitter-text configuration 3). The name of whom we answer, which X adds, does not count."""
PRIVATE_LIMIT = 10_000
COUNTED = 10_000
"""Characters beyond which nothing is weighed any more: it is far too long, and weighing is slow."""
SETTLE = timedelta(minutes=2)
"""Ten seconds of waiting for an answer, a late execution, and the half minute that X's lists are behind."""


class XPlace:
    """X. See places.doors.Place."""

    capabilities = Capabilities(
        place="x",
        may_learn=False,  # their developer terms forbid it
        title="X",
        reads=True,
        posts=True,
        removes=True,
        private=False,
        repeat=Repeat.NEVER,
        settle=SETTLE,
    )

    def __init__(self, site_url: str = SITE) -> None:
        self._site = site_url

    def measure(self, text: str, audience: Audience) -> Length:
        """Weighted characters: links 23, emoji 2, most scripts of Europe 1, others 2."""
        if audience is Audience.PRIVATE:
            return Length(len(text), PRIVATE_LIMIT)
        if len(text) > COUNTED:
            return Length(len(text), LIMIT)
        from twitter_text import parse_tweet  # here, because it is slow to load and a start need not wait for it

        return Length(parse_tweet(clean_text(text)).weightedLength, LIMIT)

    def compose_link(self, reply: Reply) -> str | None:
        """X's composer with parent and text filled in, to be opened by the person who posts."""
        if not reply.parent_id:
            return None
        return f"{self._site}/intent/tweet?in_reply_to={quote(reply.parent_id, safe='')}&text={quote(clean_text(reply.text), safe='')}"

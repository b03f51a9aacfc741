"""What is known of Reddit without any account."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from places.doors import Capabilities, Repeat
from places.reddit.markdown import escape
from places.reddit.settings import SITE
from places.reddit.shapes import FULLNAME, link_to
from storage.words import Audience, Length, Reply

MOST = 10_000
"""Characters of Markdown in a comment or a private message (error TOO_LONG beyond)."""

SETTLE = timedelta(minutes=5)
"""Our time-out, a comment that is made although Reddit answered "down", and a user's page that shows it late."""

CAPABILITIES = Capabilities(
    place="reddit",
    may_learn=False,  # their developer terms forbid it
    title="Reddit",
    reads=True,
    posts=True,
    removes=True,
    private=True,
    repeat=Repeat.AFTER_TWO_LOOKS,
    settle=SETTLE,
)


class RedditPlace:
    """Reddit without an account. `site` is what links for people begin with."""

    capabilities = CAPABILITIES

    def __init__(self, site: str = SITE) -> None:
        self._site = site.rstrip("/")

    def measure(self, text: str, audience: Audience) -> Length:  # noqa: ARG002 - both audiences have the same limit
        """Characters as they are sent, escapes included."""
        return Length(len(escape(text)), MOST)

    def compose_link(self, reply: Reply) -> str | None:
        """The post's own page, where a person can answer; Reddit fills in no text. For a private reply the filled-in letter."""
        if reply.audience is Audience.PRIVATE:
            letter = {"to": reply.customer_handle, "subject": SUBJECT, "message": reply.text}
            return f"{self._site}/message/compose/?{urlencode(letter)}"
        if reply.parent_url and reply.parent_url.startswith((f"{self._site}/", f"{SITE}/")):
            return reply.parent_url
        return (
            link_to(self._site, reply.parent_id, reply.conversation_id) if FULLNAME.fullmatch(reply.parent_id) else None
        )


SUBJECT = "About your post"
"""Over a private message; Reddit wants one."""

"""What the owner sets to read Reddit by its public feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from places.reddit.settings import SITE, bare_board

EVERY = timedelta(minutes=1)
"""How often one address may ask for a feed, all feeds together. Measured by feed readers since June 2026; Reddit publishes no figure."""


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """No keys. `handle`: our account there, "" when there is none. `subreddits`: read post by post and comment by comment.

    `feed_url` is where feeds are asked for, `site_url` what links for people begin with. `every`: the time between two requests of
    this process. `timeout` seconds of silence end a request. An empty `user_agent` becomes one that says who we are, as Reddit asks.
    """

    handle: str = ""
    subreddits: tuple[str, ...] = ()
    user_agent: str = ""
    feed_url: str = SITE
    site_url: str = SITE
    every: timedelta = EVERY
    timeout: float = 15.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "subreddits", tuple(filter(None, map(bare_board, self.subreddits))))
        if not self.user_agent:
            who = f" (by u/{self.handle})" if re.fullmatch(r"[\w-]{1,20}", self.handle, re.ASCII) else ""
            object.__setattr__(self, "user_agent", f"server:amends.feed-reader:v0.1{who}")

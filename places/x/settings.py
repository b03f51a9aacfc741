"""What one brand needs to be opened on X."""

from __future__ import annotations

from dataclasses import dataclass, field

OFFICIAL = "https://api.twitter.com"
"""Signatures are made for this host, so it is the one to talk to: api.x.com serves the same API but may refuse them."""


SITE = "https://x.com"


@dataclass(frozen=True, slots=True)
class XSettings:
    """Keys and habits. Secrets never show in a repr.

    With `bearer_token` alone X can be searched and nothing posted; mentions are read at a fifth of the price, and replies posted, with
    the four OAuth 1.0a keys of an app that the brand's own account owns. `site_url` is what links for people begin with. `timeout` seconds for each step of a request. `search`:
    whether posts that do not mention the account are looked for too, which costs more.
    """

    bearer_token: str = field(default="", repr=False)
    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_token_secret: str = field(default="", repr=False)
    base_url: str = OFFICIAL
    site_url: str = SITE
    timeout: float = 10.0
    search: bool = True

    @property
    def can_post(self) -> bool:
        """Whether all four keys of user context are there."""
        return all((self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret))

"""What one brand needs to be opened on Mastodon."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

AGENT = "amends"
"""What we call ourselves to the instance."""


@dataclass(frozen=True, slots=True)
class MastodonSettings:
    """A token and habits. The token never shows in a repr.

    `access_token` belongs to the brand's account on its own instance, with the scopes read and write:statuses. `instance_url` is where
    that instance answers ("https://mastodon.social"), `site_url` what links for people begin with (empty: the same). `timeout` seconds
    for each silence on the line. `answer_untagged`: whether Amends may post an answer to people who did not call us by name; many
    instances forbid companies to do that. `search`: whether posts that name the brand are searched for, where the instance can.
    `hashtags` that are read as well, without the #.
    """

    access_token: str = field(repr=False)
    instance_url: str
    site_url: str = ""
    timeout: float = 10.0
    answer_untagged: bool = False
    search: bool = False
    hashtags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.access_token:
            raise ValueError("Mastodon needs the access token of your account")
        if not re.match(r"https?://[^/\s]", self.instance_url):
            raise ValueError("Mastodon needs the web address of your instance")
        object.__setattr__(self, "instance_url", self.instance_url.rstrip("/"))
        object.__setattr__(self, "site_url", (self.site_url or self.instance_url).rstrip("/"))
        tags = dict.fromkeys(tag.strip().lstrip("#") for tag in self.hashtags)
        object.__setattr__(self, "hashtags", tuple(tag for tag in tags if tag))

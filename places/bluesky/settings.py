"""What one brand needs to be opened on Bluesky."""

from __future__ import annotations

from dataclasses import dataclass, field

SERVICE = "https://bsky.social"
SITE = "https://bsky.app"


@dataclass(frozen=True, slots=True)
class BlueskySettings:
    """One account's handle and an app password, made under Settings, App passwords. Secrets never show in a repr.

    `service_url` is where one logs in; the account's own server is told there. `site_url` is what links for people begin with.
    `timeout` seconds for each step of a request. `search`: whether posts that name the brand without speaking to it are looked for too.
    `answer_untagged`: whether those may be answered from here; Bluesky asks accounts like ours to speak only to those who spoke to them.
    """

    handle: str
    app_password: str = field(repr=False)
    service_url: str = SERVICE
    site_url: str = SITE
    timeout: float = 10.0
    search: bool = True
    answer_untagged: bool = False

    def __post_init__(self) -> None:
        handle = self.handle.strip().lstrip("@").lower()
        if not handle or not self.app_password:
            raise ValueError("Bluesky needs a handle and an app password")
        service = self.service_url.strip().rstrip("/").removesuffix("/xrpc")
        object.__setattr__(self, "handle", handle)
        object.__setattr__(self, "service_url", service if "://" in service else f"https://{service}")
        object.__setattr__(self, "site_url", self.site_url.rstrip("/"))

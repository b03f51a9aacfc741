"""Names on Mastodon: "cora" on one's own instance is "cora@mastodon.social" everywhere. In here they are kept whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

ACCT = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,200}[A-Za-z0-9_])?(?:@\w(?:[\w.-]{0,250}\w)?(?::\d{1,5})?)?")
"""A name as an instance gives it, with the address of its own instance where that is another."""


@dataclass(frozen=True, slots=True)
class Home:
    """The instance on which our account lives: `domain` is its address in names, lower case; `us` our own name there, whole."""

    domain: str
    us: str

    @classmethod
    def of(cls, handle: str, instance_url: str) -> Home:
        """From our handle as the owner wrote it: "@rosebakery@mastodon.social", or "rosebakery" alone."""
        name, _, domain = handle.strip().removeprefix("@").partition("@")
        domain = (domain or urlsplit(instance_url).netloc).lower()
        return cls(domain, f"{name}@{domain}")

    @property
    def name(self) -> str:
        """Our own name without the address."""
        return self.us.partition("@")[0]

    def whole(self, acct: str) -> str:
        """The name with its address."""
        return acct if "@" in acct else f"{acct}@{self.domain}"

    def short(self, handle: str) -> str:
        """The name as one writes it here: without the address where that is our own."""
        name, _, domain = handle.partition("@")
        return name if domain.lower() == self.domain else handle

    def address(self, text: str, handle: str) -> str:
        """The text with whom it answers named in front, so that they are told of it. Named in it already, it stays as it is.

        Raises ValueError for what is no name.
        """
        if not ACCT.fullmatch(handle):
            raise ValueError("no name on Mastodon")
        forms = "|".join(sorted({re.escape(form) for form in (self.short(handle), handle)}, key=len, reverse=True))
        if re.search(rf"(?<![\w/=])@(?:{forms})(?![\w@]|[.-]\w)", text, re.IGNORECASE):
            return text
        return f"@{self.short(handle)} {text}"

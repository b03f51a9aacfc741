"""Where a post of the real places stands in the town."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def bare(native: str) -> str:
    """A native id without Reddit's t1_ or t3_."""
    return re.sub(r"^t[13]_", "", native)


def public_url(base: str, place: str, post_id: str) -> str:
    """The town's address for a post, given its native id (with or without t1_, t3_). `base` is the pages' own address."""
    return f"{base.rstrip('/')}/go/{place}/{bare(post_id)}"


def town_url(base: str, url: str) -> str | None:
    """The town's address for an address on x.com or reddit.com, a composer link included; None for any other."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as "https://[": no address at all
        return None
    host = (parts.hostname or "").removeprefix("www.").removeprefix("old.")
    prefix = {"x.com": "/x", "twitter.com": "/x", "reddit.com": ""}.get(host)
    if prefix is None:
        return None
    return f"{base.rstrip('/')}{prefix}{parts.path}{'?' + parts.query if parts.query else ''}"

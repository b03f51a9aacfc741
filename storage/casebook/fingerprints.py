"""What stays the same of a text when names, links, signs and capitals change: the same words from many accounts are known by it."""

from __future__ import annotations

import hashlib
import re

FEWEST_WORDS = 8
"""Shorter texts are alike by chance: "never again, the worst bakery in town"."""
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|[@#]\S+")
_WORD = re.compile(r"\w+")


def fingerprint(text: str) -> str | None:
    """24 hexadecimal digits that stand for a text's words; None for short ones."""
    words = _WORD.findall(_ADDRESS.sub(" ", text).casefold())
    if len(words) < FEWEST_WORDS:
        return None
    return hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()[:24]

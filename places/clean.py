"""What strangers send, made safe to store: the one place where it is cleaned.

Only what breaks storage is replaced (NUL, lone surrogates); everything else is kept as it was written and is made harmless where it
is shown. Lengths are capped so that nobody can fill the disk with one post.
"""

from __future__ import annotations

import re

MOST_TEXT = 100_000
"""Characters of a post that are kept; the longest a platform here allows is 40,000 (a post on Reddit)."""
MOST_NAME = 200
MOST_RAW = 2_000
"""Characters of a poisoned element that are kept (see storage.words.Poison)."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_BREAKS = re.compile("[\r\n\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def clean_text(text: str, most: int = MOST_TEXT) -> str:
    """The text with NUL and lone surrogates shown as U+FFFD, at most `most` characters of it."""
    return _UNSTORABLE.sub("\ufffd", text[:most])


def clean_line(text: str, most: int = MOST_NAME) -> str:
    """The same for names and the like, on one line."""
    return _LINE_BREAKS.sub(" ", clean_text(text, most)).strip()


def clean_raw(raw: object) -> str:
    """What could not be read, as text for a person to look at."""
    return clean_text(repr(raw), MOST_RAW)

"""What is searched for on X: posts that name the brand, in X's query language and within its length."""

from __future__ import annotations

import re

from storage.words import Brand

LONGEST = 512
"""Characters that a self-serve query may have (X's rate-limit page, 2026-08)."""


def queries(brand: Brand, handle: str | None) -> tuple[str, ...]:
    """Searches for every name of the brand: one, or several where the names do not fit into one.

    Our own posts and pure reposts are left out, since X would charge for them. A name that alone is too long is left out.
    """
    names = list(dict.fromkeys(f'"{name}"' for name in map(_plain, brand.names or (brand.name,)) if name))
    rest = f" -from:{handle} -is:retweet" if handle else " -is:retweet"
    room = LONGEST - len(rest) - len("()")
    made: list[list[str]] = []
    for name in names:
        if len(name) > room:
            continue
        if made and len(" OR ".join([*made[-1], name])) <= room:
            made[-1].append(name)
        else:
            made.append([name])
    return tuple(f"({' OR '.join(group)}){rest}" for group in made)


def conversation(conversation_id: str) -> str:
    """A search for everything said in one conversation."""
    return f"conversation_id:{conversation_id}"


def _plain(name: str) -> str:
    """A name without what has a meaning in X's query language."""
    return re.sub(r'[\s"\\]+', " ", name).strip()

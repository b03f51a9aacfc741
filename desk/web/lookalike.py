"""Names that imitate the brand: a stranger called "Rоse Bakery Support" is not us, and the page says so."""

from __future__ import annotations

import re
import unicodedata

from storage.words import Brand

# Letters that look like a Latin one, from the everyday part of Unicode's confusables (UTS #39), lower case.
LOOKS_LIKE = str.maketrans(
    {
        **dict(zip("авеѕікмнорстухјһԁԛԝѵɡ", "abesikmhopctyxjhdqwvg", strict=True)),
        **dict(zip("αβειкνορτυχκγ", "abeiknoptuxky", strict=True)),
        **dict(zip("01358$@|!", "olesbsali", strict=True)),
        "ı": "i",
        "ɑ": "a",
        "ø": "o",
        "ł": "l",
        "đ": "d",
    }
)
SHORTEST = 4
LONG_ENOUGH_INSIDE = 6  # shorter ones stand inside honest names: Rose in Rosemary


def skeleton(name: str) -> str:
    """The name as the eye takes it: no case, accents, spaces, signs or hidden characters, look-alikes made Latin."""
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKD", name).casefold()
        if unicodedata.category(char) not in ("Mn", "Me", "Cf", "Cc", "Cs")
    ).translate(LOOKS_LIKE)
    joined = re.sub(r"[^\w]|_", "", plain)
    return joined.replace("rn", "m").replace("vv", "w").replace("l", "i")


def imitates(brand: Brand, *names: str) -> bool:
    """Whether any of a stranger's names reads like the brand or one of its handles."""
    ours = {skeleton(word) for word in (brand.name, *brand.handles.values())}
    theirs = {skeleton(name) for name in names}
    return any(
        mine == other or (len(mine) >= LONG_ENOUGH_INSIDE and mine in other)
        for mine in ours
        if len(mine) >= SHORTEST
        for other in theirs
    )

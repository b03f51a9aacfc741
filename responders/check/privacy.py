"""What the customer wrote about themselves must not be said again in public (C6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from responders.check.says import finding
from storage.words import Finding

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_NUMBER = re.compile(r"(?<![\w@])[+#№]?(?:[a-z]{1,4}[-–]?)?\d(?:[\s().–/-]{0,2}\d)*(?:[-–]?[a-z0-9]+)*", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:orders?|invoice|booking|parcel|tracking|заказ\w*|накладн\w*|брон\w*|посылк\w*|comand\w*|factur\w*|awb|colet\w*"
    r"|ఆర్డర్|పార్సెల్|బిల్లు)"
    r"[\s:,.]*(?:number|no|nr|num\w*|номер|nr|నంబర్|నెంబర్)?[\s:.#№]*$",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\s*(?:₽|руб|р\.|lei|ron\b|euro?\b|€|\$|£|usd|₹|rs\b|rupees|రూపాయ|రూ)|\s*(?:%|kg\b|км|km\b|мин|min)", re.IGNORECASE
)
ENOUGH_DIGITS = 5
"""A bare number of this many digits is taken for an order, phone or card; a shorter one only where it is called an order or has a #."""


def find_private(text: str, complaint: str, contacts: Iterable[str]) -> Iterator[Finding]:
    """E-mail addresses, telephone, order and card numbers of the complaint that the reply repeats. Our own contacts pass."""
    own = {_key(piece) for contact in contacts for piece, _ in _pieces(contact)}
    theirs = {_key(piece) for piece, _ in _pieces(complaint)} - own
    for piece, span in _pieces(text):
        if _key(piece) in theirs:
            yield finding("private_data", text, span)


def _pieces(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    taken: list[tuple[int, int]] = []
    for address in _EMAIL.finditer(text):
        taken.append(address.span())
        yield address.group(), address.span()
    for number in _NUMBER.finditer(text):
        start, end = number.span()
        digits = sum(character.isdigit() for character in number.group())
        if any(start < there[1] and there[0] < end for there in taken) or digits < 3:
            continue
        before, after = text[max(0, start - 30) : start], text[end:]
        if _MONEY.match(after) or before.rstrip().endswith(("$", "€", "£", "₹")):
            continue
        if digits >= ENOUGH_DIGITS or number.group()[0] in "#№" or _NAMED.search(before):
            yield number.group(), (start, end)


def _key(piece: str) -> str:
    if "@" in piece:
        return piece.casefold()
    digits = "".join(character for character in piece if character.isdigit())
    return digits[-10:]  # a country code more or less is the same telephone

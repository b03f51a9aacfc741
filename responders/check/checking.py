"""One call that runs every rule over one text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from responders.check.apology import find_conditions, find_missing
from responders.check.form import find_form
from responders.check.phrases import phrases
from responders.check.privacy import find_private
from responders.check.reading import fold
from responders.check.says import finding
from responders.check.tone import find_shouting, find_tone
from storage.words import Brand, Finding, Length

NEVER_OVERRULED = frozenset({"too_long", "placeholder", "empty"})
"""Codes for which no "post anyway" is offered: the site would refuse the text, or the customer would see a gap."""

LONGEST = 10_000
"""Characters the rules read. No place takes more; a pasted novel must not slow the page down."""


def check(
    text: str,
    language: str,
    *,
    brand: Brand,
    measure: Callable[[str], Length] | None = None,
    invite: bool = True,
    complaint: str = "",
) -> tuple[Finding, ...]:
    """What is wrong with an apology, worst first, then by place in the text. An empty tuple means: ready to post.

    `language` is the customer's (ISO 639-1); `measure` counts as the place does; `invite=False` asks for no invitation;
    `complaint` is what the customer wrote, whose private data must not be repeated. Offsets are code points of `text`.
    """
    if not text.strip():
        return (finding("empty"),)
    found = tuple(_find(text[:LONGEST], language, brand, invite, complaint[:LONGEST], measure, text))
    return tuple(sorted(found, key=lambda one: (not one.blocks, one.start, one.code)))


def _find(
    text: str,
    language: str,
    brand: Brand,
    invite: bool,
    complaint: str,
    measure: Callable[[str], Length] | None,
    whole: str,
) -> Iterator[Finding]:
    contacts = [*brand.contact.values(), *(shop.contact for shop in brand.shops)]
    whole_measure = None if measure is None else lambda _: measure(whole)
    yield from find_form(text, language, contacts, whole_measure)
    yield from find_shouting(text, [brand.name, *brand.names])
    yield from find_private(text, complaint, contacts)
    words = phrases(language)
    if words is None:
        return
    folded = fold(text)
    yield from find_conditions(text, folded, words)
    yield from find_tone(text, folded, words)
    invited = not invite or any(_plain(contact) in folded.text for contact in contacts if _plain(contact))
    yield from find_missing(folded, words, invited=invited)


def _plain(contact: str) -> str:
    return fold(contact).text.strip(" \n.!")

"""Proposals: what a person would say to this customer, built from authored parts in the customer's language.

Nothing is claimed that nobody recorded: the texts name what the customer wrote, own it, and say that we are finding out.
Order of importance when a place is short of room: the apology with the issue, ownership, the next step, the invitation; then
what it cost the customer, and that it happened before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from responders.check import check
from responders.check.says import NAMES, finding
from responders.fitting import fit, plainest, unsaid, without
from responders.inviting import contact_words, sign
from responders.partbook import PartBook, part_book
from responders.situations import Situation, slots_for
from storage.views import CaseFile
from storage.words import Audience, Brand, CaseState, Draft, Length, Purpose, Shop

__all__ = ["propose", "sign"]

_EXPANDED = {
    "we're": "we are", "we'll": "we will", "we've": "we have", "we'd": "we would", "you'll": "you will", "that's": "that is",
    "it's": "it is", "don't": "do not", "doesn't": "does not", "didn't": "did not", "isn't": "is not", "wasn't": "was not",
    "couldn't": "could not", "shouldn't": "should not", "you'd": "you would",
}  # fmt: skip


def propose(
    file: CaseFile,
    brand: Brand,
    *,
    audience: Audience,
    purpose: Purpose,
    measure: Callable[[str], Length],
) -> tuple[Draft, ...]:
    """Two or three alternatives, best first: fuller, shorter, and the fuller one without the invitation.

    Pure and repeatable: the same case at the same turn gets the same texts, two cases different ones. Texts come without the
    sign-off and leave room for it. Where nobody has written parts for the customer's language it is one English text, marked
    wrong_language; its `language` is still the customer's, so that the check keeps asking for it.
    """
    measure = cache(measure)  # fitting asks for the same text many times, and X's way of counting takes milliseconds
    book = _book_for(file.case.language, brand)
    shop = next((one for one in brand.shops if one.key == file.case.shop), None)
    situation = _situation(file, brand, shop, book, audience, purpose)
    slots = unsaid(slots_for(situation, book), _said_before(file))
    seed = f"{file.case.id}/{file.case.turn}/{audience}/{purpose}"
    texts = [
        (fit(slots, measure, seed), True),
        (fit(plainest(slots), measure, f"{seed}/shorter"), True),
        (fit(without(slots, "invite"), measure, seed), False),
    ]
    drafts: dict[str, Draft] = {}
    for raw, invite in texts:
        text = _voiced(raw, book, brand)
        drafts.setdefault(text, _checked(text, file, brand, book, audience, purpose, measure, invite))
    found = tuple(drafts.values())
    return found[:1] if book.language != _wanted(file.case.language, brand) else found


def _said_before(file: CaseFile) -> tuple[str, ...]:
    """Everything we have told this customer in this conversation, here or on the site itself."""
    ours = [one.post.text for one in file.thread if one.by == "us"]
    return tuple(dict.fromkeys([*(reply.text for reply in file.replies), *ours]))


def _checked(
    text: str,
    file: CaseFile,
    brand: Brand,
    book: PartBook,
    audience: Audience,
    purpose: Purpose,
    measure: Callable[[str], Length],
    invite: bool,
) -> Draft:
    complaint = file.complaint.post.text if audience is Audience.PUBLIC else ""
    findings = check(text, book.language, brand=brand, measure=measure, invite=invite, complaint=complaint)
    wanted = _wanted(file.case.language, brand)
    if book.language != wanted:
        names = {"language": NAMES.get(wanted, "another language"), "found": NAMES[book.language]}
        findings = (finding("wrong_language", text, (0, 0), **names), *findings)
    return Draft(text, wanted, audience, purpose, findings)


def _wanted(language: str, brand: Brand) -> str:
    """The customer's language; where nobody could tell it, the brand's first."""
    return language if language not in ("", "und") else next(iter(brand.languages), "en")


def _book_for(language: str, brand: Brand) -> PartBook:
    book = part_book(_wanted(language, brand)) or part_book("en")
    assert book is not None, "the English parts are always there"
    return book


def _situation(
    file: CaseFile, brand: Brand, shop: Shop | None, book: PartBook, audience: Audience, purpose: Purpose
) -> Situation:
    complaint, last = file.complaint.post, file.last.post
    resolution = file.resolution
    return Situation(
        place=file.case.place,
        audience=audience,
        purpose=purpose,
        topic=file.case.topic,
        sensitive=file.case.sensitive,
        complaint=f"{complaint.title}\n{complaint.text}".strip(),
        last=last.text,
        thanked=file.case.thanked,
        returning=any(one.state is not CaseState.DISMISSED for one in file.earlier),
        contact=contact_words(brand, shop, book),
        cause=resolution.cause if resolution else "",
        remedy=resolution.remedy if resolution else "",
        prevention=resolution.prevention if resolution else "",
        sayable=lambda text: _sayable(text, file, brand, book, audience),
    )


def _sayable(text: str, file: CaseFile, brand: Brand, book: PartBook, audience: Audience) -> bool:
    """Whether a recorded sentence can stand in the reply: in the customer's language, and nothing in it that the check blocks."""
    complaint = file.complaint.post.text if audience is Audience.PUBLIC else ""
    return not any(one.blocks for one in check(text, book.language, brand=brand, complaint=complaint))


def _voiced(text: str, book: PartBook, brand: Brand) -> str:
    """A formal brand writes English without contractions; the other languages are polite as they are."""
    if brand.voice != "formal" or book.language != "en":
        return text

    def expand(found: re.Match[str]) -> str:
        full = _EXPANDED[found.group().lower()]
        return full[:1].upper() + full[1:] if found.group()[0].isupper() else full

    return re.sub(r"\b(?:" + "|".join(_EXPANDED) + r")\b", expand, text, flags=re.IGNORECASE)

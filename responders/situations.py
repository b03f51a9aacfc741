"""Which parts a reply is made of, by what has happened so far.

Public replies say sorry early and stay short. Private ones are longer and keep the regret for the end (founding principle B5).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from responders.fitting import Slot
from responders.inviting import invitations
from responders.partbook import PartBook
from storage.words import Audience, Purpose, Topic

LONGEST_RECORDED = 400
"""Characters of a recorded cause, remedy or prevention that a reply will carry; a longer one is for the case page alone."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a reply may rest on. `sayable` tells whether a recorded sentence can stand in it."""

    place: str
    audience: Audience
    purpose: Purpose
    topic: Topic
    sensitive: bool
    complaint: str
    last: str
    thanked: bool
    returning: bool
    contact: str
    cause: str
    remedy: str
    prevention: str
    sayable: Callable[[str], bool]

    @property
    def grave(self) -> bool:
        """Illness, injury, allergens: nothing is weighed or explained in public, and we ask to talk at once."""
        return self.sensitive or self.topic is Topic.SAFETY


def slots_for(situation: Situation, book: PartBook) -> tuple[Slot, ...]:
    """The parts of the reply in their order, each with its wordings."""
    if situation.audience is Audience.PRIVATE:
        return _private(situation, book)
    match situation.purpose:
        case Purpose.FOLLOW_UP:
            return _follow_up(situation, book)
        case Purpose.CLOSE:
            return _close(situation, book)
        case Purpose.CORRECT:
            return _special(situation, book, "correct")
        case _:
            return _acknowledge(situation, book)


def _acknowledge(situation: Situation, book: PartBook) -> tuple[Slot, ...]:
    if situation.grave:
        return _special(situation, book, "sensitive")
    return (
        Slot("open", _opened(situation, book, book.lines("open", "any")), 6),
        _again(situation, book),
        _empathy(situation, book),
        Slot("own", book.lines("own", "any"), 5),
        Slot("next", book.lines("next", "any"), 4),
        _invite(situation, book),
    )


def _special(situation: Situation, book: PartBook, *path: str) -> tuple[Slot, ...]:
    """Apology, ownership, next step, invitation, in the wordings of a special situation."""
    return (
        Slot("open", _opened(situation, book, book.lines(*path, "open")), 6),
        Slot("own", book.lines(*path, "own") or book.lines("own", "any"), 5),
        Slot("next", book.lines(*path, "next") or book.lines("next", "any"), 4),
        _invite(situation, book, *path),
    )


def _follow_up(situation: Situation, book: PartBook) -> tuple[Slot, ...]:
    angry = book.says_any(situation.last, "follow_up", "angry", "cues")
    thanks = situation.thanked or book.says_any(situation.last, "follow_up", "thanks", "cues")
    written = book.says_any(situation.last, "follow_up", "written", "cues")
    mood = "angry" if angry else "written" if written else "thanks" if thanks else "news"
    if mood == "written":
        # They have done what we asked; to ask for it again would show that nobody read it.
        return _special(replace(situation, contact=""), book, "follow_up", "written")
    if situation.grave and mood != "thanks":
        answered = Slot("open", _opened(situation, book, book.lines("follow_up", mood, "open")), 6)
        return (answered, *_special(situation, book, "sensitive")[1:])
    return _special(situation, book, "follow_up", mood)


def _close(situation: Situation, book: PartBook) -> tuple[Slot, ...]:
    return (
        Slot("open", _opened(situation, book, book.lines("close", "open")), 6),
        Slot("own", book.lines("own", "any"), 5),
        *_recorded(situation, book),
        Slot("next", book.lines("close", "next"), 4),
        _invite(situation, book, "close"),
    )


def _private(situation: Situation, book: PartBook) -> tuple[Slot, ...]:
    grave = situation.grave
    return (
        Slot("value", book.lines("private", "value"), 3, optional=not grave),
        Slot("told", () if grave else _opened(situation, book, book.lines("private", "told")), 2),
        Slot("own", book.lines("sensitive", "own") if grave else book.lines("own", "any"), 6),
        Slot("empathy", () if grave else _empathy(situation, book).lines, 1, optional=True),
        *_recorded(situation, book),
        Slot("next", _private_next(situation, book), 5),
        Slot("trust", book.lines("private", "trust"), 1, optional=True),
        Slot("invite", book.lines("private", "asks"), 4),
        Slot("regret", book.lines("private", "regret"), 7),
    )


def _private_next(situation: Situation, book: PartBook) -> tuple[str, ...]:
    if situation.purpose is Purpose.CLOSE:
        return book.lines("close", "next")
    return book.lines("sensitive", "next") if situation.grave else book.lines("private", "next")


def _recorded(situation: Situation, book: PartBook) -> tuple[Slot, ...]:
    """Cause, remedy and prevention, each only as somebody recorded it. Sums and numbers of the remedy are not for the public."""
    remedy = situation.remedy
    if situation.audience is Audience.PUBLIC and re.search(r"\d", remedy):
        remedy = ""
    kept = {
        "cause": _clean(situation.cause, situation),
        "remedy": _clean(remedy, situation),
        "prevention": _clean(situation.prevention, situation),
    }
    weights = {"cause": 1, "remedy": 2, "prevention": 3}
    slots = [
        Slot(
            name,
            tuple(line.replace(f"{{{name}}}", text) for line in book.lines("close", name)),
            weights[name],
            optional=True,
        )
        for name, text in kept.items()
        if text
    ]
    if situation.remedy and not kept["remedy"]:
        slots.append(Slot("done", book.lines("close", "done"), 2, optional=True))
    return tuple(slots)


def _clean(text: str, situation: Situation) -> str:
    line = " ".join(text.split()).rstrip(".!; ")
    return line if line and len(line) <= LONGEST_RECORDED and situation.sayable(line) else ""


def _opened(situation: Situation, book: PartBook, frames: tuple[str, ...]) -> tuple[str, ...]:
    issues, _ = book.names_issue(situation.complaint, situation.topic)
    return tuple(
        frame.replace("{issue}", issue).replace("{Issue}", issue[:1].upper() + issue[1:])
        for frame in frames
        for issue in (issues if "ssue}" in frame else issues[:1])
    )


def _again(situation: Situation, book: PartBook) -> Slot:
    return Slot("again", book.lines("returning", "any") if situation.returning else (), 2, optional=True)


def _empathy(situation: Situation, book: PartBook) -> Slot:
    _, topic = book.names_issue(situation.complaint, situation.topic)
    return Slot("empathy", book.lines("empathy", topic.value), 1, optional=True)


def _invite(situation: Situation, book: PartBook, *path: str) -> Slot:
    lines, spare = invitations(book, situation.place, situation.contact, *path)
    return Slot("invite", lines, 3, spare=spare)

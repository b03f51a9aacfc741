"""How a customer of the town reads an answer: by simple rules of their own, in their own language.

These rules know nothing of any apology check; they are what a person in the street would say of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.town.content import Content, Speech

SHORTEST = 40
"""Characters below which an answer feels brushed off."""

_WORD = re.compile(r"[^\W\d_][\w\u0c00-\u0c7f]*")
_HANDLE = re.compile(r"(?<!\w)(?:@|u/)\w+")


class Feeling(StrEnum):
    """How an answer feels."""

    GOOD = "good"
    MIDDLING = "middling"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Impression:
    """What a customer made of an answer. `why` names the worst of it (a key of `Speech.angrier`) where it felt bad."""

    feeling: Feeling
    why: str
    sorry: bool
    owns: bool
    names_it: bool
    next_step: bool
    invites: bool


def plain(text: str) -> str:
    """Lower case, curly quotes straight, Latin and Cyrillic letters without their marks: as a hasty eye reads it."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(sign for sign in folded if not "\u0300" <= sign <= "\u036f")


def language_of(text: str, content: Content) -> str:
    """The language a text is written in, romanised Telugu included; "" when it shows too little."""
    bare = _HANDLE.sub(" ", text)
    scripts = {
        "te": len(re.findall(r"[\u0c00-\u0c7f]", bare)),
        "ru": len(re.findall(r"[\u0400-\u04ff]", bare)),
        "latin": len(re.findall(r"[A-Za-z\u00c0-\u024f]", bare)),
    }
    script = max(scripts, key=lambda each: scripts[each] * (2 if each == "te" else 1))
    if not scripts[script]:
        return ""
    if script != "latin":
        return script
    words = _WORD.findall(plain(bare))
    hits = {lang: sum(word in speech.words["common"] for word in words) for lang, speech in content.speech.items()}
    best = max(hits, key=lambda lang: hits[lang])
    return best if hits[best] and list(hits.values()).count(hits[best]) == 1 else ""


def judge(answer: str, complaint: str, language: str, content: Content) -> Impression:
    """What the person who wrote `complaint` in `language` makes of `answer`."""
    speech = content.speech[language]
    read = f" {plain(_HANDLE.sub(' ', answer))} "
    sorry, owns = _has(read, speech.words["sorry"]), _has(read, speech.words["own"])
    step, invites = _has(read, speech.words["step"]), _has(read, speech.words["private"])
    named = _names_it(read, plain(_HANDLE.sub(" ", complaint)), speech)
    points = sum((sorry, owns, named, step, invites)) - _has(read, speech.words["but"])
    why = _worst(answer, read, language, content, cold=not (sorry or owns))
    feeling = Feeling.BAD if why else Feeling.GOOD if points >= 3 else Feeling.MIDDLING
    return Impression(feeling, why, sorry, owns, named, step, invites)


def _worst(answer: str, read: str, language: str, content: Content, *, cold: bool) -> str:
    speech = content.speech[language]
    written_in = language_of(answer, content)
    if written_in and written_in != language:
        return "language"
    if _has(read, speech.words["blame"]):
        return "blame"
    if _shouts(answer):
        return "shouting"
    if _has(read, speech.words["conditional"]):
        return "conditional"
    if _has(read, speech.words["boilerplate"]):
        return "boilerplate"
    if len(" ".join(_HANDLE.sub(" ", answer).split())) < SHORTEST:
        return "short"
    return "cold" if cold else ""


def _has(read: str, cues: Iterable[str]) -> bool:
    """Whether one of the cues begins somewhere in the text, at the beginning of a word."""
    return any(re.search(rf"(?<![^\W_]){re.escape(plain(cue))}", read) for cue in cues)


def _shouts(answer: str) -> bool:
    cased = [sign for sign in _HANDLE.sub(" ", answer) if sign.isupper() or sign.islower()]
    return "!!!" in answer or (len(cased) > 15 and sum(sign.isupper() for sign in cased) > len(cased) / 2)


def _names_it(read: str, complaint: str, speech: Speech) -> bool:
    """Whether the answer takes up what went wrong: a word of the complaint's own, or one of the same subject."""
    for cues in speech.topics.values():
        if _has(complaint, cues) and _has(read, cues):
            return True
    usual = {plain(word) for word in speech.words["common"]}
    told = {word[:5] for word in _WORD.findall(complaint) if len(word) > 4 and word not in usual}
    heard = {word[:5] for word in _WORD.findall(read) if len(word) > 4}
    return len(told & heard) >= 2

"""How the check reads a text: folded letters that remember where they stood, and sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_SAME = {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "\u00a0": " ", "\u202f": " "}
_LATIN_MARKS = range(0x0300, 0x0370)  # accents of Latin and Cyrillic letters; Telugu vowel signs are letters to us

_END = re.compile(r"[.!?…।]+(?=[\s\"'»”)]|$)[\"'»”)]*|\n+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in small letters, without accents and invisible characters. `at[i]` is where folded character i stood."""

    text: str
    at: tuple[int, ...]
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original text for offsets in the folded one."""
        if start >= end:
            return 0, 0
        last = self.at[end] if end < len(self.at) else self.length
        return self.at[start], last


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the folded text, with its offsets there."""

    start: int
    end: int


def fold(text: str) -> Folded:
    """Fold a text so that "Scuzaţi-ne", "scuzați-ne" and "scuzati-ne" read the same."""
    letters: list[str] = []
    at: list[int] = []
    for position, character in enumerate(text):
        if character in _DROPPED:
            continue
        plain = _SAME.get(character, character).lower()
        for letter in unicodedata.normalize("NFD", plain):
            if ord(letter) not in _LATIN_MARKS:
                letters.append(letter)
                at.append(position)
    return Folded("".join(letters), tuple(at), len(text))


def sentences(folded: Folded) -> Iterator[Sentence]:
    """The sentences of a text, in order. A dot inside an address or a number ends none."""
    start = 0
    for end in _END.finditer(folded.text):
        if folded.text[start : end.end()].strip():
            yield Sentence(start, end.end())
        start = end.end()
    if folded.text[start:].strip():
        yield Sentence(start, len(folded.text))

"""Choosing one wording for each part, and fitting them all into the place's length."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from responders.check.phrases import LETTER
from responders.check.reading import fold
from storage.words import Length

SIGN_OFF_ROOM = 40
"""Units of the place's length kept free for the sign-off (" – Ana, Rose Bakery")."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One part of a text and its wordings.

    `weight` says how much the part matters: when room is short, the lightest optional parts go first. `spare` are
    wordings that are only used when none of `lines` fits.
    """

    name: str
    lines: tuple[str, ...]
    weight: int
    optional: bool = False
    spare: tuple[str, ...] = ()


def in_order(lines: Sequence[str], seed: str) -> tuple[str, ...]:
    """The lines in an order that depends on nothing but the seed: the same on every machine and in every year."""
    return tuple(sorted(lines, key=lambda line: hashlib.blake2b(f"{seed}/{line}".encode(), digest_size=8).digest()))


def fit(slots: Sequence[Slot], measure: Callable[[str], Length], seed: str) -> str:
    """The parts in their order, one wording each, as much of it as fits with room for the sign-off.

    First wordings get shorter, the lightest parts first; then optional parts are left out, the lightest first. Nothing is
    ever cut. Where even the least is too long it is given all the same, and the check says so.
    """
    left = [slot for slot in slots if slot.lines]
    while True:
        text = _shorten(left, measure, seed)
        leavable = [slot for slot in left if slot.optional]
        if fits(text, measure) or not leavable:
            return text
        left.remove(min(leavable, key=lambda slot: slot.weight))


def fits(text: str, measure: Callable[[str], Length]) -> bool:
    """Whether a text fits with room for the sign-off."""
    length = measure(text)
    return length.used > 0 and length.used + SIGN_OFF_ROOM <= length.limit


def _shorten(slots: Sequence[Slot], measure: Callable[[str], Length], seed: str) -> str:
    chosen: dict[str, str] = {}
    for slot in slots:
        chosen[slot.name] = _fresh(in_order(slot.lines, f"{seed}/{slot.name}"), chosen.values())
    text = " ".join(chosen.values())
    for slot in sorted(slots, key=lambda one: one.weight):
        while not fits(text, measure):
            shorter = _next_shorter(slot, chosen)
            if shorter is None:
                break
            chosen[slot.name] = shorter
            text = " ".join(chosen.values())
    return text


def _next_shorter(slot: Slot, chosen: dict[str, str]) -> str | None:
    now = chosen[slot.name]
    others = [line for name, line in chosen.items() if name != slot.name]
    lines = [*slot.lines, *slot.spare]
    shorter = [line for line in lines if len(line) < len(now)]
    fresh = [line for line in shorter if not _repeats(line, others)]
    return max(fresh or shorter, key=len, default=None)


def _fresh(lines: Sequence[str], before: Iterable[str]) -> str:
    """The first line that does not say again what was just said."""
    said = tuple(before)
    return next((line for line in lines if not _repeats(line, said)), lines[0])


def _repeats(line: str, others: Sequence[str]) -> bool:
    mine = _triples(line)
    return any(mine & _triples(other) for other in others)


@lru_cache(maxsize=2048)
def _triples(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(rf"{LETTER}+", fold(text).text)
    return frozenset(tuple(words[at : at + 3]) for at in range(len(words) - 2))


def without(slots: Sequence[Slot], name: str) -> tuple[Slot, ...]:
    """The same parts but for one."""
    return tuple(slot for slot in slots if slot.name != name)


def unsaid(slots: Sequence[Slot], before: Sequence[str]) -> tuple[Slot, ...]:
    """The same parts without the wordings that repeat our earlier replies: nobody wants to be told the same twice.

    Where all of a part's wordings have been used, those that do not stand there word for word; where all do, all.
    """

    def new(lines: tuple[str, ...]) -> tuple[str, ...]:
        unused = tuple(line for line in lines if not any(line in one for one in before))
        return tuple(line for line in unused if not _repeats(line, before)) or unused or lines

    return tuple(replace(slot, lines=new(slot.lines)) for slot in slots)


def plainest(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Only what an apology cannot do without, in its shorter wordings."""
    needed = [slot for slot in slots if not slot.optional]
    return tuple(replace(slot, lines=_shorter_half(slot.lines)) for slot in needed)


def _shorter_half(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(lines, key=len)[: max(1, (len(lines) + 1) // 2)])

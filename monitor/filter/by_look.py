"""Judging by the first look: a text's letters, its cues and VADER, weighed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.filter.by_cues import GOOD_RATING, plain_trouble
from monitor.filter.first_look import FirstLook
from monitor.filter.heads import KINDS, MOODS, Floats
from monitor.filter.heard import Heard
from monitor.filter.learned import AS_SHIPPED, Learned, adjust, with_feelings, word_features
from monitor.filter.ruling import Ruling
from monitor.filter.saying import say_words
from monitor.filter.signs import list_signs
from storage.words import Kind, Reason

COMPLAINT = KINDS.index(Kind.COMPLAINT)
_SPAM = KINDS.index(Kind.SPAM)
_CLEARLY = 0.6
_BETWEEN = 0.1  # of the share of a neutral mood
_GOOD_RATING_TAKES = 0.2  # of the odds of a complaint, where four or five stars were given
_SORTS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.COMPLAINT: ("complaint", "safety", "legal"),
    Kind.PRAISE: ("praise", "fine", "resolved"),
    Kind.QUESTION: ("question",),
    Kind.CHATTER: (),
    Kind.NEWS: ("news",),
    Kind.SPAM: ("spam",),
    Kind.NOT_US: (),
}
"""Sorts of cues that speak for a kind."""


def judge_by_look(page: Sequence[Heard], look: FirstLook, learned: Learned = AS_SHIPPED) -> list[Ruling]:
    """What the first look says of some texts at once, with what their brand has taught it."""
    if not page:
        return []
    kinds, feelings, glad = look_at(page, look)
    shares = [consider(heard, row) for heard, row in zip(page, kinds.tolist(), strict=True)]
    taught = shares
    if learned.first:
        words = word_features([heard.glance.words for heard in page if heard.glance is not None])
        features = with_feelings(words, shares, glad)
        taught = adjust(shares, features, learned.first)
    line = look.line if learned.line_first is None else learned.line_first
    return rule(page, Opinions(shares, taught, glad, unhappiness(feelings)), line, look)


def look_at(page: Sequence[Heard], look: FirstLook) -> tuple[Floats, Floats, list[float]]:
    """Shares of kinds and of moods by the first look, a row each, and the moods from -1 to 1."""
    feelings = np.stack([heard.glance.feelings for heard in page if heard.glance is not None])
    kinds, moods = look.weigh(feelings, [heard.language for heard in page], list_page_signs(page))
    return kinds, moods, gladness(moods)


def gladness(moods: Floats) -> list[float]:
    """Shares of moods as numbers from -1 (bad) to 1 (good)."""
    glad: list[float] = (moods[:, MOODS.index("good")] - moods[:, MOODS.index("bad")]).tolist()
    return glad


def unhappiness(moods: Floats) -> list[float]:
    """The share of a bad mood; who sounds neutral is unhappy now and then, too."""
    unhappy: list[float] = (moods[:, MOODS.index("bad")] + _BETWEEN * moods[:, MOODS.index("neutral")]).tolist()
    return unhappy


@dataclass(frozen=True, slots=True)
class Opinions:
    """What looks say of some texts, a row each: shares of kinds as shipped, the same with what the brand taught, moods from -1 to 1, and
    the shares of a bad mood."""

    shares: Sequence[Sequence[float]]
    taught: Sequence[Sequence[float]]
    moods: Sequence[float]
    unhappy: Sequence[float]


def list_page_signs(page: Sequence[Heard]) -> Floats:
    """The signs of some texts, a row each."""
    return np.array([list_signs(heard.whole, heard.weighed, heard.vader or 0.0) for heard in page], np.float32)


def consider(heard: Heard, kinds: list[float]) -> list[float]:
    """The shares of kinds, with what stars and plain cues in few words say beside them."""
    before = share = kinds[COMPLAINT]
    if heard.rating >= GOOD_RATING:
        odds = share / max(1 - share, 1e-6) * _GOOD_RATING_TAKES
        share = odds / (1 + odds)
    share = max(share, plain_trouble(heard))
    if share == before:
        return kinds
    rest = (1 - share) / max(1 - before, 1e-6)
    return [share if at == COMPLAINT else other * rest for at, other in enumerate(kinds)]


def rule(page: Sequence[Heard], told: Opinions, line: float, look: FirstLook) -> list[Ruling]:
    """Complaints from the line on; else the kind with the largest share of the others. Each with its reasons."""
    kinds = [choose(row, line) for row in told.taught]
    reasons = [_why(heard, kind) for heard, kind in zip(page, kinds, strict=True)]
    bare = [at for at, kind in enumerate(kinds) if kind is Kind.COMPLAINT and not reasons[at]]
    for at, why in zip(bare, say_words([page[at].said() for at in bare], look), strict=True):
        reasons[at] = why or _TOGETHER
    moods = [
        min(mood, heard.mood()) if plain_trouble(heard) else mood for heard, mood in zip(page, told.moods, strict=True)
    ]
    rows = zip(kinds, told.taught, reasons, told.shares, moods, told.unhappy, strict=True)
    return [
        Ruling(kind, taught[KINDS.index(kind)], why, tuple(shares), mood, unhappy)
        for kind, taught, why, shares, mood, unhappy in rows
    ]


def _why(heard: Heard, kind: Kind) -> tuple[Reason, ...]:
    reasons = (*heard.rating_reason(), *heard.why(*_SORTS_OF[kind]))
    return (*reasons, *heard.mood_reason()) if kind is Kind.COMPLAINT else reasons


def choose(shares: Sequence[float], line: float) -> Kind:
    """A complaint from the line on, else the likeliest of the others; advertising only where that is clear, for customers speak of offers too."""
    if shares[COMPLAINT] >= line:
        return Kind.COMPLAINT
    others = [-1.0 if at == COMPLAINT else share for at, share in enumerate(shares)]
    first = others.index(max(others))
    if first == _SPAM and others[first] < _CLEARLY:
        others[first] = -1.0
        first = others.index(max(others))
    return KINDS[first]


_TOGETHER = (Reason("together", "No single word tells; all of it together sounds like a complaint"),)

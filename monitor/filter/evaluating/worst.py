"""What was missed and what was raised for nothing, the furthest from right first: what to read to learn how the filter errs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.filter.evaluating.measures import Truth
from monitor.filter.evaluating.results import Sheet

_LONGEST = 600  # code points of a text on the page


@dataclass(frozen=True, slots=True)
class Mistake:
    """A text that was judged wrongly: the share that was said, 0..1, the line it lay on the wrong side of, and what VADER made of it."""

    text: str
    language: str
    share: float
    line: float
    vader_right: bool
    kind: str
    trait: str


def worst_misses(sheet: Sheet, most: int) -> tuple[Mistake, ...]:
    """Texts labelled so that were not raised, the furthest below their line first."""
    return _worst(sheet, sheet.truth & ~sheet.said, most)


def worst_false_alarms(sheet: Sheet, most: int) -> tuple[Mistake, ...]:
    """Other texts that were raised, the furthest above their line first."""
    return _worst(sheet, ~sheet.truth & sheet.said, most)


def _worst(sheet: Sheet, wrong: Truth, most: int) -> tuple[Mistake, ...]:
    distance = np.abs(sheet.shares - sheet.lines)
    found = sorted(np.flatnonzero(wrong).tolist(), key=lambda at: -float(distance[at]))
    return tuple(_mistake(sheet, at) for at in found[:most])


def _mistake(sheet: Sheet, at: int) -> Mistake:
    one = sheet.texts[at]
    return Mistake(
        text=one.text if len(one.text) <= _LONGEST else one.text[:_LONGEST] + "…",
        language=sheet.groups[at],
        share=float(sheet.shares[at]),
        line=float(sheet.lines[at]),
        vader_right=bool(sheet.vader.said[at] == sheet.truth[at]),
        kind=one.kind.value if one.kind else "",
        trait=one.trait or "",
    )

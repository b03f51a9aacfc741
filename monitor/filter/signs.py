"""Signs: what the cues of a text, VADER and its plain looks say, as numbers that the first look weighs beside the text's grams."""

from __future__ import annotations

import re

import numpy as np

from monitor.filter.heads import Floats
from monitor.filter.mood import measure_mood
from monitor.filter.weighing import Weighed

SORTS = (
    "complaint", "praise", "fine", "question", "resolved", "spam", "news",
    "safety", "legal", "anger", "again", "mild", "unresolved", "greeting",
)  # fmt: skip
"""Sorts of cues; each gives its weight and whether it is there at all."""

_PLACES = {sort: at for at, sort in enumerate(SORTS)}
_MOST = 6.0  # weight of a sort, from which more says nothing more
_LONG = 400  # code points
_LINK = re.compile(r"https?://|www\.|\b[\w-]{2,40}\.[a-z]{2,4}/", re.IGNORECASE)

NAMES = (
    *(f"weight of {sort}" for sort in SORTS), *(f"has {sort}" for sort in SORTS),
    "vader", "asks", "calls out", "says I", "says I alone", "comes back", "length", "links", "addresses",
)  # fmt: skip


def read_signs(text: str, language: str, weighed: Weighed, vader: float | None = None) -> Floats:
    """The signs of a text, in the order of NAMES. VADER reads English alone, elsewhere it is 0; `vader` is what it said, if it was asked."""
    if vader is None:
        vader = measure_mood(text) if language == "en" else 0.0
    return np.array(list_signs(text, weighed, vader), np.float32)


def list_signs(text: str, weighed: Weighed, vader: float) -> list[float]:
    """The same as a list, for a page of texts to be put together."""
    weights, has = [0.0] * len(SORTS), [0.0] * len(SORTS)
    for sort, weight in weighed.sums().items():
        if sort in _PLACES:
            weights[_PLACES[sort]], has[_PLACES[sort]] = min(weight, _MOST), 1.0
    return [
        *weights,
        *has,
        vader,
        "?" in text,
        "!" in text,
        weighed.first_person,
        weighed.speaks_alone,
        weighed.comes_back,
        min(len(text), _LONG) / 100,
        ("/" in text or "www." in text) and _LINK.search(text) is not None,
        "@" in text,
    ]

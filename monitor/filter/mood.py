"""VADER, the mood of English texts: one signal among others. It misses 59 % of complaints when asked alone."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

_READ = 960  # code points; reviews rarely change their mind later, and VADER is our slowest part
_PIECE = 240
_ALPHA = 15  # VADER's own constant: compound = sum / sqrt(sum² + 15)
COMPLAINT_BELOW = -0.05
"""The usual line for "negative", by VADER's own authors; used for comparing only."""


@cache
def _analyzer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it opens its lexicon with codecs.open
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        return SentimentIntensityAnalyzer()


def measure_mood(text: str) -> float:
    """The mood of an English text, -1 (bad) .. 1 (good).

    VADER's time grows with the square of the length, so it reads pieces of some 40 words; their sums are added before
    they are squeezed into -1..1, which is what it does itself with the sums of words.
    """
    total = 0.0
    for piece in _pieces(text[:_READ]):
        compound = float(_analyzer().polarity_scores(piece)["compound"])
        total += compound * math.sqrt(_ALPHA / (1 - min(compound * compound, 0.9999)))
    return total / math.sqrt(total * total + _ALPHA)


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of about _PIECE code points, cut at spaces where there are any."""
    begin = 0
    while begin < len(text):
        end = begin + _PIECE
        if end < len(text):
            space = text.rfind(" ", begin + 1, end)
            end = space if space > 0 else end
        yield text[begin:end]
        begin = end

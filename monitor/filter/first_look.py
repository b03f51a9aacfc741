"""The first look: language, kind and mood of a page of texts, from hashed words and pieces of words. Always on, and quick.

Its weights are made from the authored examples by `make model`; how, stands in `monitor/filter/training`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from monitor.filter.grams import BITS, Grams, hash_words_and_pieces
from monitor.filter.heads import KINDS, TOPICS, Floats, softmax
from monitor.filter.weights import read_weights
from storage.languages import LANGUAGES

UNKNOWN = "und"
FEELS = len(KINDS)  # columns of kinds come first, then those of moods


@dataclass(frozen=True, slots=True)
class Table:
    """Weights of some heads: a whole number per drawer and head, times the head's `scale`. Fewer drawers than the grams' share them."""

    weights: NDArray[np.int8]
    scale: Floats

    def add_up(self, grams: Grams) -> Floats:
        """What each text's grams say, one row per text."""
        shift = BITS - (len(self.weights).bit_length() - 1)
        counts = np.bincount(grams.rows, minlength=grams.texts)
        sums = np.zeros((grams.texts, self.weights.shape[1]), np.float32)
        full = np.flatnonzero(counts)
        if len(full):
            begins = np.cumsum(counts) - counts
            found = self.weights[grams.drawers >> shift].astype(np.int32)
            sums[full] = np.add.reduceat(found, begins[full], axis=0)
        return sums * grams.share()[:, None] * self.scale


@dataclass(frozen=True, slots=True)
class Looks:
    """What grams alone say of some texts, one row each, as logits."""

    feelings: Floats  # kinds, then moods
    topics: Floats
    severities: Floats
    languages: Floats


class FirstLook:
    """The first look's weights, ready to use."""

    def __init__(self, weights: dict[str, NDArray[np.generic]]) -> None:
        self.version = str(weights["version"])
        self._tables = {name: Table(weights[name], weights[f"{name}_scale"]) for name in TABLES}  # type: ignore[arg-type]
        self._plain = {name: np.asarray(weights[name], np.float32) for name in PLAIN}

    def look(self, texts: Sequence[Sequence[str]]) -> Looks:
        """Judge a page of texts that were cut."""
        words, pieces = hash_words_and_pieces(texts)
        tables, plain = self._tables, self._plain
        about = tables["about_words"].add_up(words) + tables["about_pieces"].add_up(pieces) + plain["about_bias"]
        return Looks(
            feelings=tables["words"].add_up(words) + tables["pieces"].add_up(pieces) + plain["bias"],
            topics=about[:, : len(TOPICS)],
            severities=about[:, len(TOPICS) :],
            languages=tables["languages"].add_up(pieces) + plain["languages_bias"],
        )

    def weigh(self, feelings: Floats, language: str, signs: Floats) -> tuple[Floats, Floats]:
        """Shares of kinds and moods of one text, from its grams, its language and its signs."""
        plain = self._plain
        row = LANGUAGES.index(language) if language in LANGUAGES else len(LANGUAGES)
        logits = (feelings + signs @ plain["signs"]) * plain["sharpness"][row] + plain["language_bias"][row]
        return softmax(logits[:FEELS]), softmax(logits[FEELS:])


TABLES = ("words", "pieces", "about_words", "about_pieces", "languages")
PLAIN = ("bias", "about_bias", "languages_bias", "signs", "language_bias", "sharpness")

_loading = threading.Lock()


@cache
def _load() -> FirstLook:
    return FirstLook(dict(read_weights("first")))


def first_look() -> FirstLook:
    """The shipped first look, loaded when it is first asked for. Raises WeightsDamaged."""
    with _loading:
        return _load()

"""The first look: language, kind and mood of a page of texts, from hashed words and pieces of words. Always on, and quick.

Its weights are made from the authored examples by `make model`; how, stands in `monitor/filter/training`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from monitor.filter.grams import BITS, Grams, hash_words_and_pieces, make_plain
from monitor.filter.heads import KINDS, TOPICS, Floats, softmax
from monitor.filter.weights import read_weights
from storage.languages import LANGUAGES

UNKNOWN = "und"
_MOST_REMEMBERED = 50_000  # words
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
            sums[full] = np.add.reduceat(self.weights[grams.drawers >> shift], begins[full], axis=0, dtype=np.int32)
        return sums * grams.share()[:, None] * self.scale


@dataclass(frozen=True, slots=True)
class Looks:
    """What grams alone say of some texts, one row each, as logits."""

    feelings: Floats  # kinds, then moods
    languages: Floats


class FirstLook:
    """The first look's weights, ready to use."""

    def __init__(self, weights: dict[str, NDArray[np.generic]]) -> None:
        self.version = str(weights["version"])
        self._tables = {name: Table(weights[name], weights[f"{name}_scale"]) for name in TABLES}  # type: ignore[arg-type]
        self.line = float(weights["line"])
        self._plain = {name: np.asarray(weights[name], np.float32) for name in PLAIN}
        self._told: dict[tuple[int, str], float] = {}

    def look(self, texts: Sequence[Sequence[str]]) -> Looks:
        """Judge a page of texts that were cut."""
        words, pieces = hash_words_and_pieces(texts)
        tables, plain = self._tables, self._plain
        return Looks(
            feelings=tables["words"].add_up(words) + tables["pieces"].add_up(pieces) + plain["bias"],
            languages=tables["languages"].add_up(pieces) + plain["languages_bias"],
        )

    def find_topics(self, texts: Sequence[Sequence[str]]) -> Floats:
        """The share of each topic in texts that were cut, a row each; asked of complaints only."""
        words, pieces = hash_words_and_pieces(texts)
        tables, plain = self._tables, self._plain
        about = tables["about_words"].add_up(words) + tables["about_pieces"].add_up(pieces) + plain["about_bias"]
        return softmax(about[:, : len(TOPICS)])

    def tell_words(self, words: Iterable[str], kind: int) -> Mapping[str, float]:
        """How much each word by itself speaks for a kind, less what it speaks for all kinds together."""
        wanted = set(words)
        told = {word: self._told[kind, word] for word in wanted if (kind, word) in self._told}
        new = sorted(wanted - told.keys())
        if new:
            told |= dict(zip(new, self._tell(new, kind), strict=True))
            if len(self._told) > _MOST_REMEMBERED:
                self._told.clear()
            self._told |= {(kind, word): told[word] for word in new}
        return told

    def _tell(self, words: Sequence[str], kind: int) -> list[float]:
        grams = hash_words_and_pieces([[make_plain(word)] for word in words])
        sums = (self._tables[name].add_up(part) for name, part in zip(("words", "pieces"), grams, strict=True))
        kinds = sum(sums, np.zeros(1, np.float32))[:, :FEELS]
        told: list[float] = (kinds[:, kind] - kinds.mean(axis=1)).tolist()
        return told

    def weigh(self, feelings: Floats, languages: Sequence[str], signs: Floats) -> tuple[Floats, Floats]:
        """Shares of kinds and moods of some texts, from their grams, their languages and their signs: a row each."""
        plain = self._plain
        rows = [_ROWS.get(language, len(LANGUAGES)) for language in languages]
        logits = (feelings + signs @ plain["signs"]) * plain["sharpness"][rows][:, None] + plain["language_bias"][rows]
        return softmax(logits[:, :FEELS]), softmax(logits[:, FEELS:])


_ROWS = {language: row for row, language in enumerate(LANGUAGES)}
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

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

from monitor.filter.grams import make_plain
from monitor.filter.heads import KINDS, TOPICS, Floats, softmax
from monitor.filter.tables import pack
from monitor.filter.weights import damaged, read_weights
from monitor.filter.word_sums import WordSums
from storage.languages import LANGUAGES

UNKNOWN = "und"
_MOST_REMEMBERED = 50_000  # words
FEELS = len(KINDS)  # columns of kinds come first, then those of moods


@dataclass(frozen=True, slots=True)
class Looks:
    """What grams alone say of some texts, one row each, as logits."""

    feelings: Floats  # kinds, then moods
    languages: Floats


class FirstLook:
    """The first look's weights, ready to use."""

    def __init__(self, weights: dict[str, NDArray[np.generic]]) -> None:
        self.version = str(weights["version"])
        self._tables = {name: pack(weights[name], weights[f"{name}_scale"]) for name in TABLES}  # type: ignore[arg-type]
        self._feelings = self._remember(("words",), ("pieces", "languages"))
        self._topics = self._remember(("about_words",), ("about_pieces",))  # asked of complaints only
        self.line = float(weights["line"])
        self._plain = {name: np.asarray(weights[name], np.float32) for name in PLAIN}
        self._told: dict[int, dict[str, float]] = {}  # by kind

    def look(self, texts: Sequence[Sequence[str]]) -> Looks:
        """Judge a page of texts that were cut."""
        words, pieces, languages = self._add_up(self._feelings, texts, "words", "pieces", "languages")
        return Looks(words + pieces + self._plain["bias"], languages + self._plain["languages_bias"])

    def find_topics(self, texts: Sequence[Sequence[str]]) -> Floats:
        """The share of each topic in texts that were cut, a row each; asked of complaints only."""
        words, pieces = self._add_up(self._topics, texts, "about_words", "about_pieces")
        return softmax((words + pieces + self._plain["about_bias"])[:, : len(TOPICS)])

    def _remember(self, by_words: Sequence[str], by_pieces: Sequence[str]) -> WordSums:
        return WordSums(*({name: self._tables[name] for name in names} for names in (by_words, by_pieces)))

    def _add_up(self, sums_of: WordSums, texts: Sequence[Sequence[str]], *names: str) -> list[Floats]:
        sums = sums_of.add_up(texts, names)
        return [one * self._tables[name].scale for one, name in zip(sums, names, strict=True)]

    def tell_words(self, words: Iterable[str], kind: int) -> Mapping[str, float]:
        """How much each word by itself, these and others, speaks for a kind, less what it speaks for all kinds together."""
        wanted = set(words)
        told = self._told.get(kind, {})
        new = sorted(word for word in wanted if word not in told)
        if new and len(told) > _MOST_REMEMBERED:
            told, new = {}, sorted(wanted)  # a new one: others may still be reading the old
        if new:
            told.update(zip(new, self._tell(new, kind), strict=True))
            self._told[kind] = told
        return told

    def _tell(self, words: Sequence[str], kind: int) -> list[float]:
        by_words, by_pieces = self._add_up(self._feelings, [[make_plain(word)] for word in words], "words", "pieces")
        kinds = (by_words + by_pieces)[:, :FEELS]
        told: list[float] = (kinds[:, kind] - kinds.mean(axis=1)).tolist()
        return told

    def weigh(self, feelings: Floats, languages: Sequence[str], signs: Floats) -> tuple[Floats, Floats]:
        """Shares of kinds and moods of some texts, from their grams, their languages and their signs: a row each."""
        plain = self._plain
        rows = [_ROWS.get(language, len(LANGUAGES)) for language in languages]
        told = np.einsum(
            "ij,jk->ik", signs, plain["signs"]
        )  # where `@` would add up in an order that the page's length decides
        logits = (feelings + told) * plain["sharpness"][rows][:, None] + plain["language_bias"][rows]
        return softmax(logits[:, :FEELS]), softmax(logits[:, FEELS:])


_ROWS = {language: row for row, language in enumerate(LANGUAGES)}
TABLES = ("words", "about_words", "pieces", "about_pieces", "languages")
PLAIN = ("bias", "about_bias", "languages_bias", "signs", "language_bias", "sharpness")

_loading = threading.Lock()


@cache
def _load() -> FirstLook:
    weights = dict(read_weights("first"))
    try:
        return FirstLook(weights)
    except (KeyError, ValueError, IndexError) as error:  # something lacks
        raise damaged("first.npz") from error


def first_look() -> FirstLook:
    """The shipped first look, loaded when it is first asked for. Raises WeightsDamaged."""
    with _loading:
        return _load()

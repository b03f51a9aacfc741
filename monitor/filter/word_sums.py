"""What each word adds up to in the first look's tables, remembered from when it is first read: people say the same few thousand words.

Pieces stay within a word, so a text's pieces are those of its words, and only pairs of words are left to be looked up text by text. The sums
are whole numbers: remembered or not, they are the same.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.filter.grams import Grams, Joints, find_joints, hash_pairs, hash_words_and_pieces
from monitor.filter.tables import Table

MOST_REMEMBERED = 1 << 15
"""Words; a page with more is read all the same, and then all are forgotten."""
_LETTERS_EACH = 16  # on average, or hostile texts would fill the memory with long ones
_FEWEST = 1 << 12

Sums = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Page:
    """The words of some texts, one after the other: where each is remembered, and how many of them each text has."""

    places: NDArray[np.intp]
    lengths: NDArray[np.intp]

    def rows(self) -> NDArray[np.intp]:
        """The text of each word."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


class WordSums:
    """A memory of words for some tables: `of_words` are looked up by words and pairs, `of_pieces` by pieces of words."""

    def __init__(self, of_words: Mapping[str, Table], of_pieces: Mapping[str, Table]) -> None:
        self._of_words, self._of_pieces = of_words, of_pieces
        self._lock = threading.Lock()
        self._forget()

    def __len__(self) -> int:
        """How many words are remembered."""
        return len(self._places)

    def _forget(self) -> None:
        self._places: dict[str, int] = {}
        self._letters = 0
        self._sums = {
            name: np.zeros((0, table.heads), np.int32)
            for name, table in (*self._of_words.items(), *self._of_pieces.items())
        }
        self._pieces = np.zeros(0, np.int32)
        self._joints = Joints(np.zeros(0, np.uint64), np.zeros(0, np.uint64))

    def add_up(self, texts: Sequence[Sequence[str]], names: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each named table what the grams of each text add up to there, as numbers of one gram's weight: a row per text."""
        with self._lock:
            page = self._find(texts)
            return [self._of(page, name) for name in names]

    def _find(self, texts: Sequence[Sequence[str]]) -> Page:
        words = list(chain.from_iterable(texts))
        if len(self._places) > MOST_REMEMBERED or self._letters > MOST_REMEMBERED * _LETTERS_EACH:
            self._forget()
        places = list(map(self._places.get, words))
        if None in places:
            self._learn(sorted({word for word, place in zip(words, places, strict=True) if place is None}))
            places = list(map(self._places.get, words))
        return Page(np.array(places, np.intp), np.fromiter(map(len, texts), np.intp, len(texts)))

    def _learn(self, words: Sequence[str]) -> None:
        begin, end = len(self._places), len(self._places) + len(words)
        of_words, of_pieces = hash_words_and_pieces([[word] for word in words])
        for tables, grams in ((self._of_words, of_words), (self._of_pieces, of_pieces)):
            for name, table in tables.items():
                self._sums[name] = _with_room(self._sums[name], end)
                self._sums[name][begin:end] = table.sum(grams)
        joints = find_joints(words)
        known = (self._pieces, self._joints.sums, self._joints.powers)
        self._pieces, sums, powers = (_with_room(one, end) for one in known)
        self._pieces[begin:end], sums[begin:end], powers[begin:end] = of_pieces.counts(), joints.sums, joints.powers
        self._joints = Joints(sums, powers)
        self._places.update(zip(words, range(begin, end), strict=True))
        self._letters += sum(map(len, words))

    def _of(self, page: Page, name: str) -> NDArray[np.float32]:
        sums = _per_text(self._sums[name][page.places], page.lengths)
        if name in self._of_pieces:
            return _even(sums, _per_text(self._pieces[page.places], page.lengths))
        pairs = self._pairs(page)
        return _even(sums + self._of_words[name].sum(pairs), page.lengths + pairs.counts())

    def _pairs(self, page: Page) -> Grams:
        rows = page.rows()
        paired = rows[:-1] == rows[1:]
        first, second = page.places[:-1][paired], page.places[1:][paired]
        sums, powers = self._joints.sums, self._joints.powers
        drawers = hash_pairs(Joints(sums[first], powers[first]), Joints(sums[second], powers[second]))
        return Grams(len(page.lengths), drawers, rows[1:][paired].astype(np.int32))


def _with_room(known: NDArray[Any], rows: int) -> NDArray[Any]:
    """The same array, or a longer one that begins with it, for so many rows."""
    if len(known) >= rows:
        return known
    longer = np.zeros((max(rows, 2 * len(known), _FEWEST), *known.shape[1:]), known.dtype)
    longer[: len(known)] = known
    return longer


def _per_text(rows: Sums, lengths: NDArray[np.intp]) -> Sums:
    """Rows of words added up to rows of texts; a text without words has zeros."""
    sums = np.zeros((len(lengths), *rows.shape[1:]), np.int32)
    full = np.flatnonzero(lengths)
    if len(full):
        sums[full] = np.add.reduceat(rows, (np.cumsum(lengths) - lengths)[full], axis=0)
    return sums


def _even(sums: Sums, counts: NDArray[Any]) -> NDArray[np.float32]:
    """Sums weighed so that all grams of a text weigh as a vector of length one would if none came twice."""
    shares = (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
    return np.asarray(sums.astype(np.float32) * shares[:, None], np.float32)

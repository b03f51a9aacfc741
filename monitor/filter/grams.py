"""Texts as hashed words, word pairs and pieces of words: what the first stage's weights are looked up by.

A page of texts is hashed in one go. Every gram is the difference of two sums of powers (Rabin and Karp's rolling hash, 1987), so all of
them come out of a few operations on whole arrays; hostile text costs what its length costs and no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.filter.folding import visible

MOST_READ = 1_200
"""Code points of a text that are hashed: a longer one has said what it is by then."""
BITS = 17
"""Words and pieces each fall into 2**BITS drawers."""

_PIECES = (2, 3, 4, 5)  # letters of a piece
_MOST_DIGITS = 5
_SPACE, _END = ord(" "), ord("\n")
_WORD_SALT, _PAIR_SALT = 11, 12

_LINK = re.compile(r"https?://\S+|www\.\S+|\b[a-z0-9-]{2,40}\.[a-z]{2,4}/\S+")
_HANDLE = re.compile(r"@[\w.]+")
_NUMBER = re.compile(r"\d[\d.,:]*")
_STRETCHED = re.compile(r"([^0\n])\1{2,}")  # "soooo", not the zeros of a number
_TOKEN = re.compile(r"[\w\u0900-\u0963\u0970-\u097f\u0c00-\u0c7f]+|[^\w\s]")


def _plain_letters() -> dict[int, str]:
    """Latin letters without their marks, the Russian ё as е, no apostrophes: as half of all people type them."""
    plain = {}
    for code in range(0xC0, 0x250):
        parts = unicodedata.normalize("NFKD", chr(code))
        bare = "".join(part for part in parts if not unicodedata.combining(part))
        if bare != chr(code):
            plain[code] = bare
    plain |= {0x451: "\u0435", 0x142: "l", 0xF8: "o", 0x111: "d", 0x131: "i", 0xDF: "ss", 0xE6: "ae", 0x153: "oe"}
    return plain | dict.fromkeys((0x27, 0x2019, 0x2018, 0x60, 0xB4, 0x2BC), "")


_PLAIN = {chr(code): plain for code, plain in _plain_letters().items()}
_NOT_PLAIN = re.compile(f"[{''.join(map(re.escape, _PLAIN))}]")


def make_plain(word: str) -> str:
    """Words in small plain letters."""
    if word.isascii():
        return word.lower().replace("'", "").replace("`", "")
    return _NOT_PLAIN.sub(lambda found: _PLAIN[found[0]], word.lower())


def cut(text: str) -> list[str]:
    """A text's words and signs, made alike: small plain letters, numbers as zeros (their length kept), links and handles as one sign each."""
    return list(chain.from_iterable(cut_stretches(visible(text[:MOST_READ]).split())))


def cut_stretches(written: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words of each stretch between two spaces; no word and no sign reaches over one."""
    text = make_plain("\n".join(written))
    text = _HANDLE.sub(" @ ", _LINK.sub(" \ue000 ", text))
    text = _STRETCHED.sub(r"\1\1", _NUMBER.sub(_zeros, text))
    for line in text.split("\n") if written else ():
        yield (line,) if line.isalnum() else _TOKEN.findall(line)


def _zeros(number: re.Match[str]) -> str:
    return "0" * min(sum(digit.isdigit() for digit in number[0]), _MOST_DIGITS) + " "


Drawers = NDArray[np.int32]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Grams:
    """The grams of `texts` texts: `drawers` 0..2**BITS-1 and, beside each, the number of its text in `rows` (rising)."""

    texts: int
    drawers: Drawers
    rows: Drawers

    def counts(self) -> NDArray[np.intp]:
        """How many grams each text has."""
        return np.bincount(self.rows, minlength=self.texts)

    def share(self) -> NDArray[np.float32]:
        """What one gram of each text weighs, so that all of a text weigh as a vector of length one would if none came twice."""
        return (1 / np.sqrt(np.maximum(self.counts(), 1))).astype(np.float32)


def hash_words_and_pieces(texts: Sequence[Sequence[str]]) -> tuple[Grams, Grams]:
    """Words and word pairs, and pieces of words, of texts that were cut."""
    whole = "".join(f" {' '.join(tokens)} \n" for tokens in texts)
    codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32)
    spans = _Spans(codes)
    row_of = np.cumsum(codes == _END, dtype=np.int32)
    return _words(codes, spans, row_of, len(texts)), _pieces(codes, spans, row_of, len(texts))


class _Spans:
    """Hashes of any stretches of one array of code points."""

    def __init__(self, codes: NDArray[np.uint32]) -> None:
        up, self._down = _powers(len(codes))
        self._sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * up, out=self._sums[1:])

    def hash(self, starts: NDArray[Any], ends: NDArray[Any], salt: int) -> Drawers:
        """The drawer of each stretch [start, end)."""
        return _drawers(self.sum(starts, ends), salt)

    def sum(self, starts: NDArray[Any], ends: NDArray[Any]) -> Hashes:
        """Each stretch's sum of powers, as if it stood at the beginning."""
        sums: Hashes = (self._sums[ends] - self._sums[starts]) * self._down[starts]
        return sums


def _drawers(sums: Hashes, salt: int) -> Drawers:
    mixed = (sums ^ np.uint64(salt * _SALT) ^ (sums >> np.uint64(32))) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
    drawers: Drawers = (mixed >> np.uint64(64 - BITS)).astype(np.int32)
    return drawers


@dataclass(frozen=True, slots=True)
class Joints:
    """What pairs are hashed from, per word: its sum of powers, and the power that a space after it has."""

    sums: Hashes
    powers: Hashes


def find_joints(words: Sequence[str]) -> Joints:
    """The joints of words."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    ends = np.cumsum(lengths)
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    up, _ = _powers(int(lengths.max(initial=0)) + 1)
    return Joints(_Spans(codes).sum(ends - lengths, ends), up[lengths])


def hash_pairs(first: Joints, second: Joints) -> Drawers:
    """The drawers of word pairs, the same that `hash_words_and_pieces` finds for them."""
    space = np.uint64(_SPACE + 1) + np.uint64(_BASE) * second.sums
    return _drawers(first.sums + first.powers * space, _PAIR_SALT)


def _words(codes: NDArray[np.uint32], spans: _Spans, row_of: Drawers, texts: int) -> Grams:
    spaces = np.flatnonzero(codes == _SPACE)
    starts, ends = spaces[:-1] + 1, spaces[1:]
    real = (ends > starts) & (row_of[spaces[:-1]] == row_of[ends])
    starts, ends = starts[real], ends[real]
    rows = row_of[starts]
    paired = rows[:-1] == rows[1:]
    drawers = np.concatenate(
        (spans.hash(starts, ends, _WORD_SALT), spans.hash(starts[:-1][paired], ends[1:][paired], _PAIR_SALT))
    )
    return _sorted(drawers, np.concatenate((rows, rows[:-1][paired])), texts)


def _pieces(codes: NDArray[np.uint32], spans: _Spans, row_of: Drawers, texts: int) -> Grams:
    """Pieces stay within a word and the spaces round it."""
    longest = _find_longest(codes)
    drawers, rows = [], []
    for length in _PIECES:
        starts = np.flatnonzero(longest >= length)
        drawers.append(spans.hash(starts, starts + length, length))
        rows.append(row_of[starts])
    return _sorted(np.concatenate(drawers), np.concatenate(rows), texts)


def _find_longest(codes: NDArray[np.uint32]) -> NDArray[np.intp]:
    """How long the longest piece is that begins at each code point: it ends with the next space, and none is of spaces alone."""
    is_break = (codes == _SPACE) | (codes == _END)
    breaks = np.flatnonzero(is_break)
    if not len(breaks):
        return np.zeros(len(codes), np.intp)
    following = np.repeat(breaks, np.diff(breaks, prepend=0))  # the next one after each code point before the last
    longest = np.zeros(len(codes), np.intp)
    longest[: len(following)] = following - np.arange(len(following)) + 1
    longest[:-1][is_break[:-1] & is_break[1:]] = 0
    longest[codes == _END] = 0
    return longest


def _sorted(drawers: Drawers, rows: Drawers, texts: int) -> Grams:
    order = np.argsort(rows, kind="stable")
    return Grams(texts, drawers[order], rows[order])


_BASE = 0x9E3779B97F4A7C15  # odd, so that it can be divided by modulo 2**64; Knuth's multiplicative constant
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SALT = 0x51ED270B
_known_powers: tuple[Hashes, Hashes] = (np.ones(1, np.uint64), np.ones(1, np.uint64))


def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The first `count` powers of the base and of its inverse, modulo 2**64."""
    global _known_powers  # noqa: PLW0603 - grows once to the longest page and stays
    if len(_known_powers[0]) < count:
        size = 1 << max(count - 1, 1).bit_length()
        _known_powers = (_raise(_BASE, size), _raise(pow(_BASE, -1, 1 << 64), size))
    up, down = _known_powers
    return up[:count], down[:count]


def _raise(base: int, count: int) -> Hashes:
    steps = np.full(count, base, np.uint64)
    steps[0] = 1
    return np.multiply.accumulate(steps)

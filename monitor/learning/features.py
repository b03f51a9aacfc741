"""What the looks make of a decided post: kept with the decision, so that learning anew takes no looking anew."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.filter.heads import KINDS, Floats
from monitor.filter.learned import WORD_BITS, Unreadable
from monitor.filter.looking import Looked

VECTOR = 384
_HEAD = struct.Struct("<HH")
_KINDS = len(KINDS)


@dataclass(frozen=True, slots=True)
class Features:
    """Shares of kinds by the first look and by both (empty: not asked); `words` are drawers, `vector` the second look's. Both are empty
    where the place forbids learning from what is posted there: such decisions move the line alone."""

    first: Floats
    both: Floats
    words: NDArray[np.uint16]
    vector: NDArray[np.float16]


def take(looked: Looked, *, may_learn: bool) -> Features:
    """What one judged post gives to learn from."""
    nothing = np.zeros(0, np.float32)
    words = np.flatnonzero(looked.words).astype(np.uint16) if may_learn else nothing.astype(np.uint16)
    vector = looked.vector.astype(np.float16) if may_learn and looked.vector is not None else nothing.astype(np.float16)
    both = nothing if looked.both is None else np.asarray(looked.both, np.float32)
    return Features(np.asarray(looked.first, np.float32), both, words, vector)


def pack(features: Features) -> bytes:
    """Features as bytes."""
    parts = (
        features.first.astype("<f4"),
        features.both.astype("<f4"),
        features.words.astype("<u2"),
        features.vector.astype("<f2"),
    )
    return _HEAD.pack(len(features.both), len(features.words)) + b"".join(part.tobytes() for part in parts)


def unpack(content: bytes) -> Features:
    """The features of bytes. Raises Unreadable."""
    try:
        both, words = _HEAD.unpack_from(content)
        at = _HEAD.size
        first = np.frombuffer(content, "<f4", _KINDS, at)
        at += first.nbytes
        second = np.frombuffer(content, "<f4", both, at)
        at += second.nbytes
        drawers = np.frombuffer(content, "<u2", words, at)
        at += drawers.nbytes
        vector = np.frombuffer(content, "<f2", offset=at)
    except (struct.error, ValueError) as error:
        raise Unreadable("The features of a decision cannot be read.") from error
    return Features(first, second, drawers, vector)


def stack_words(features: Sequence[Features]) -> Floats:
    """Rows of 2**WORD_BITS numbers of length one; zeros where nothing may be learnt."""
    rows = np.zeros((len(features), 1 << WORD_BITS), np.float32)
    for row, one in zip(rows, features, strict=True):
        row[one.words] = 1 / np.sqrt(max(len(one.words), 1))
    return rows


def stack_vectors(features: Sequence[Features]) -> Floats:
    """Rows of VECTOR numbers; zeros where nothing may be learnt, or the second look was not asked."""
    rows = np.zeros((len(features), VECTOR), np.float32)
    for row, one in zip(rows, features, strict=True):
        if len(one.vector) == VECTOR:
            row[:] = one.vector
    return rows

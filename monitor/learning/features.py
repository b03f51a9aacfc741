"""What the looks make of a decided post: kept with the decision, so that learning anew takes no looking anew."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.filter.heads import KINDS, Floats
from monitor.filter.learned import VECTOR, WORD_BITS, Unreadable, with_feelings
from monitor.filter.looking import Looked

_HEAD = struct.Struct("<HH?ff")
_KINDS = len(KINDS)


@dataclass(frozen=True, slots=True)
class Features:
    """Shares of kinds by the first look and by both (empty: not asked); `words` are drawers, `vector` the second look's. Both are empty
    where the place forbids learning from what is posted there: such decisions move the line alone."""

    first: Floats
    both: Floats
    words: NDArray[np.uint16]
    vector: NDArray[np.float16]
    moods: tuple[float, float] = (0.0, 0.0)  # by the first look, and by both
    may_learn: bool = True


def take(looked: Looked, *, may_learn: bool) -> Features:
    """What one judged post gives to learn from."""
    nothing = np.zeros(0, np.float32)
    words = np.flatnonzero(looked.words).astype(np.uint16) if may_learn else nothing.astype(np.uint16)
    vector = looked.vector.astype(np.float16) if may_learn and looked.vector is not None else nothing.astype(np.float16)
    both = nothing if looked.both is None else np.asarray(looked.both, np.float32)
    moods = (looked.mood, looked.mood_of_both)
    return Features(np.asarray(looked.first, np.float32), both, words, vector, moods, may_learn)


def pack(features: Features) -> bytes:
    """Features as bytes."""
    parts = (
        features.first.astype("<f4"),
        features.both.astype("<f4"),
        features.words.astype("<u2"),
        features.vector.astype("<f2"),
    )
    return _HEAD.pack(len(features.both), len(features.words), features.may_learn, *features.moods) + b"".join(
        part.tobytes() for part in parts
    )


def unpack(content: bytes) -> Features:
    """The features of bytes. Raises Unreadable."""
    try:
        both, words, may_learn, *moods = _HEAD.unpack_from(content)
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
    found = Features(first, second, drawers, vector, (moods[0], moods[1]), may_learn)
    if not _is_whole(found):
        raise Unreadable("The features of a decision are not what a look makes.")
    return found


def without_words(features: Features) -> Features:
    """What may be learnt from where the place forbids learning: the shares, and so the line."""
    return Features(
        features.first, features.both, features.words[:0], features.vector[:0], features.moods, may_learn=False
    )


def _is_whole(found: Features) -> bool:
    sizes = len(found.both) in (0, _KINDS) and len(found.vector) in (0, VECTOR)
    known = not len(found.words) or int(found.words.max()) < 1 << WORD_BITS
    return (
        sizes
        and known
        and all(np.isfinite(part).all() for part in (found.first, found.both, found.vector, found.moods))
    )


def stack_first(features: Sequence[Features]) -> Floats:
    """Rows for the first look: words, mood and how sure it was; zeros where nothing may be learnt."""
    rows = np.zeros((len(features), 1 << WORD_BITS), np.float32)
    for row, one in zip(rows, features, strict=True):
        row[one.words] = 1 / np.sqrt(max(len(one.words), 1))
    shares, moods = [one.first.tolist() for one in features], [one.moods[0] for one in features]
    return _learnable(features, with_feelings(rows, shares, moods))


def stack_both(features: Sequence[Features]) -> Floats:
    """Rows for both looks, which were asked about all of these: the second look's vector, mood and how sure they were; zeros likewise."""
    rows = np.zeros((len(features), VECTOR), np.float32)
    for row, one in zip(rows, features, strict=True):
        if len(one.vector) == VECTOR:
            row[:] = one.vector
    shares, moods = [one.both.tolist() for one in features], [one.moods[1] for one in features]
    return _learnable(features, with_feelings(rows, shares, moods))


def _learnable(features: Sequence[Features], rows: Floats) -> Floats:
    may = np.array([one.may_learn for one in features], np.float32)
    return np.asarray(rows * may[:, None], np.float32)

"""What a brand has taught us, laid over what both looks say: per kind a bias and weights for words, or for the second look's vector."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.filter.grams import BITS, hash_words_and_pieces
from monitor.filter.heads import KINDS, Floats
from storage.words import Kind

WORD_BITS = 12
"""Words and pairs that a brand's weights know fall into 2**WORD_BITS drawers."""
_LEAST = 1e-6


class Unreadable(ValueError):
    """Stored weights cannot be read; the brand is then listened for as shipped."""


@dataclass(frozen=True, slots=True)
class Head:
    """One kind's: what is added to its logit, ever, and per number of a text's features."""

    bias: float
    weights: Floats


@dataclass(frozen=True, slots=True)
class Learned:
    """How a brand's posts are judged: `line_first`, `line_both` from which one is a complaint (None: as shipped), and heads for either look."""

    line_first: float | None = None
    line_both: float | None = None
    first: Mapping[Kind, Head] = field(default_factory=dict)
    both: Mapping[Kind, Head] = field(default_factory=dict)


AS_SHIPPED = Learned()


def adjust(shares: Sequence[Sequence[float]], features: Floats, heads: Mapping[Kind, Head]) -> list[list[float]]:
    """Shares with what was learnt of their texts' features, a row each.

    The complaint's share is its own head's; the other kinds share what it leaves, as their heads say.
    """
    if not heads or not len(shares):
        return [list(row) for row in shares]
    rows = np.asarray(shares, np.float64)
    complaint = KINDS.index(Kind.COMPLAINT)
    taught = rows.copy()
    for kind, head in heads.items():
        at = KINDS.index(kind)
        before = np.clip(rows[:, at], _LEAST, 1 - _LEAST)
        taught[:, at] = 1 / (1 + np.exp(-(np.log(before / (1 - before)) + head.bias + features @ head.weights)))
    others = np.arange(len(KINDS)) != complaint
    left = 1 - taught[:, complaint]
    taught[:, others] *= (left / np.maximum(taught[:, others].sum(axis=1), _LEAST))[:, None]
    found: list[list[float]] = taught.tolist()
    return found


def word_features(texts: Sequence[Sequence[str]]) -> Floats:
    """Texts that were cut, as rows of 2**WORD_BITS numbers of length one: which words and pairs of words are in them."""
    words, _ = hash_words_and_pieces(texts)
    rows = np.zeros((len(texts), 1 << WORD_BITS), np.float32)
    rows[words.rows, words.drawers >> (BITS - WORD_BITS)] = 1.0
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _LEAST), np.float32)


def write_heads(first: Mapping[Kind, Head], both: Mapping[Kind, Head]) -> bytes:
    """Heads as bytes: the same heads always give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, heads in (("first", first), ("both", both)):
            for kind, head in sorted(heads.items()):
                array = np.concatenate(([head.bias], head.weights)).astype("<f4")
                file.writestr(zipfile.ZipInfo(f"{name}.{kind}"), array.tobytes())
    return content.getvalue()


def read_heads(content: bytes) -> tuple[dict[Kind, Head], dict[Kind, Head]]:
    """The heads of bytes made by `write_heads`: for the first look, and for both. Raises Unreadable."""
    found: dict[str, dict[Kind, Head]] = {"first": {}, "both": {}}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            for name in file.namelist():
                look, _, kind = name.partition(".")
                array = np.frombuffer(file.read(name), "<f4").astype(np.float32)
                found[look][Kind(kind)] = Head(float(array[0]), array[1:])
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise Unreadable(f"What was learnt cannot be read ({type(error).__name__}).") from error
    return found["first"], found["both"]

"""What a brand has taught us, laid over what both looks say: per kind a bias and weights for words, or for the second look's vector."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.filter.grams import BITS, hash_words_and_pieces
from monitor.filter.heads import KINDS, Floats
from monitor.filter.weights import NOT_READ
from storage.words import Kind

WORD_BITS = 12
"""Words and pairs that a brand's weights know fall into 2**WORD_BITS drawers."""
VECTOR = 384
"""Numbers of the second look's vector."""
_LEAST = 1e-6
FEELINGS = 2
"""Numbers that stand beside words or a vector: the mood, and how sure the shipped look is."""
_SURENESS = 0.1  # of the shipped logit as a feature: decisions may stretch it a little, not turn it round


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
        told = np.einsum("ij,j->i", features, head.weights)  # a text alone is told the same as on a page
        before = np.clip(rows[:, at], _LEAST, 1 - _LEAST)
        taught[:, at] = 1 / (1 + np.exp(-(np.log(before / (1 - before)) + head.bias + told)))
    others = np.arange(len(KINDS)) != complaint
    left = 1 - taught[:, complaint]
    taught[:, others] = np.maximum(taught[:, others], _LEAST)  # or nothing could take what a complaint leaves
    taught[:, others] *= (left / taught[:, others].sum(axis=1))[:, None]
    found: list[list[float]] = taught.tolist()
    return found


def with_feelings(inner: Floats, shares: Sequence[Sequence[float]], moods: Sequence[float]) -> Floats:
    """Features of some texts, a row each: words or a vector, and beside them the mood and how sure the shipped look is.

    These two tell a brand whose every grumble is a complaint from one that wants the plain ones only, from a handful of decisions.
    """
    sure = np.clip([row[KINDS.index(Kind.COMPLAINT)] for row in shares], _LEAST, 1 - _LEAST)
    logits = np.log(sure / (1 - sure))
    return np.column_stack((inner, np.asarray(moods), _SURENESS * logits)).astype(np.float32)


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
                file.writestr(zipfile.ZipInfo(f"{name}.{kind}"), array.tobytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def read_heads(content: bytes) -> tuple[dict[Kind, Head], dict[Kind, Head]]:
    """The heads of bytes made by `write_heads`: for the first look, and for both. Raises Unreadable."""
    found: dict[str, dict[Kind, Head]] = {"first": {}, "both": {}}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            for name in file.namelist():
                look, _, kind = name.partition(".")
                found[look][Kind(kind)] = _read_head(
                    file.read(name), (1 << WORD_BITS if look == "first" else VECTOR) + FEELINGS
                )
    except NOT_READ as error:
        raise Unreadable(f"What was learnt cannot be read ({type(error).__name__}).") from error
    return found["first"], found["both"]


def _read_head(content: bytes, length: int) -> Head:
    array = np.frombuffer(content, "<f4").astype(np.float32)
    if len(array) != length + 1 or not np.isfinite(array).all():
        raise ValueError(content)  # it would turn every post into poison
    return Head(float(array[0]), array[1:])

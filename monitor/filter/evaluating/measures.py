"""How well a way of telling did, by what it said and by what a person says. Shares are 0..1 throughout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.bool_]
Shares = NDArray[np.float64]
Where = NDArray[np.intp]
"""Which of the texts, by their number in the file."""

_BINS = 10
_FEWEST_IN_A_BIN = 5  # fewer say nothing about how many of a hundred would be


@dataclass(frozen=True, slots=True)
class Score:
    """Of `n` texts `positive` are labelled so. `recall` is the share of these that was found, `left_alone` that of the others that was
    not raised, `macro_f1` the mean of the F1 of both sides, `auc` the area under the ROC curve. What the texts do not allow to say is None.
    """

    n: int
    positive: int
    precision: float | None
    recall: float | None
    left_alone: float | None
    f1: float | None
    macro_f1: float | None
    auc: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """Of a curve: what is said or found, and how much of it is true."""

    x: float
    y: float


def find_each(names: Sequence[str]) -> Mapping[str, Where]:
    """Where each name stands, in one walk: a file may name something else in every row."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        found.setdefault(name, []).append(at)
    return {name: np.array(places, np.intp) for name, places in found.items()}


def score(said: Truth, shares: Shares, truth: Truth) -> Score:
    """Count what was said, and how well the shares order the texts."""
    n, positive, hits = len(truth), int(truth.sum()), int((said & truth).sum())
    both = 0 < positive < n
    return Score(
        n=n,
        positive=positive,
        precision=_share(hits, int(said.sum())) if said.any() else (0.0 if positive else None),
        recall=_share(hits, positive),
        left_alone=_share(int((~said & ~truth).sum()), n - positive),
        f1=f1(said, truth) if positive else None,
        macro_f1=(f1(said, truth) + f1(~said, ~truth)) / 2 if both else None,
        auc=area(shares, truth),
    )


def f1(said: Truth, truth: Truth) -> float:
    """The harmonic mean of precision and recall; 0 where nothing was right."""
    hits = int((said & truth).sum())
    return 2 * hits / int(said.sum() + truth.sum()) if hits else 0.0


def area(shares: Shares, truth: Truth) -> float | None:
    """How often a complaint is given more than another text, ties counting half (Mann and Whitney); None where all are alike."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return None
    _, at, times = np.unique(shares, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[at]
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def precision_at_recall(shares: Shares, truth: Truth, most: int = 60) -> tuple[Point, ...]:
    """The precision (y) at every recall (x) there is to have by moving the line down; at most `most` points, none without a complaint."""
    if not truth.any():
        return ()
    falling = np.argsort(-shares, kind="stable")
    found = np.cumsum(truth[falling])
    ends = np.append(
        np.flatnonzero(np.diff(shares[falling])), len(shares) - 1
    )  # texts with one share are raised together
    ends = ends[found[ends] > 0]
    recall, precision = found[ends] / found[-1], found[ends] / (ends + 1)
    kept = np.unique(np.linspace(0, len(ends) - 1, min(most, len(ends))).round().astype(int))
    return tuple(Point(float(recall[at]), float(precision[at])) for at in kept)


def calibrate(shares: Shares, truth: Truth) -> tuple[Point, ...]:
    """In each tenth of the scale that has a few texts: the mean share said (x), and the share of texts labelled so (y)."""
    tenths = np.minimum((shares * _BINS).astype(int), _BINS - 1)
    found = []
    for tenth in range(_BINS):
        here = tenths == tenth
        if here.sum() >= _FEWEST_IN_A_BIN:
            found.append(Point(float(shares[here].mean()), float(truth[here].mean())))
    return tuple(found)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many texts were rightly raised, wrongly raised, missed, and rightly left alone."""

    found: int
    false_alarms: int
    missed: int
    left_alone: int


def count(said: Truth, truth: Truth) -> Counts:
    """Count each way of being right and wrong."""
    ways = (said & truth, said & ~truth, ~said & truth, ~said & ~truth)
    return Counts(*(int(way.sum()) for way in ways))

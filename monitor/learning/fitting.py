"""Weights from decisions: logistic regression with the shipped logit as offset, in its dual form, so that it takes what the decisions take.

Few decisions move little: weights are held near zero (L2), and are only kept where they tell decisions they were not made from better than
what was shipped does.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.filter.heads import Floats
from monitor.filter.learned import Head

FEWEST = 20
"""Decisions before any weight moves, and FEWEST_OF_EACH of either kind among them (detection.md, 5)."""
FEWEST_OF_EACH = 3
_STEPS = 40  # four to twelve are taken
_FOLDS = 5
_LEAST = 1e-5
_MARGIN = 0.5
_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strength:
    """How much decisions may move: `features` is what their squared length is multiplied by, `bias` the variance of the bias."""

    features: float
    bias: float


FIRST = Strength(features=8.0, bias=1.0)
BOTH = Strength(features=8.0, bias=1.0)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decided texts, a row each: what the shipped looks said (a share 0..1), what people said, and the features."""

    shares: _Doubles
    truth: NDArray[np.bool_]
    features: Floats


def fit(decided: Decisions, strength: Strength) -> Head | None:
    """The head that these decisions make; None while they are too few, or when it tells them no better than what was shipped."""
    yes = int(decided.truth.sum())
    if len(decided.truth) < FEWEST or min(yes, len(decided.truth) - yes) < FEWEST_OF_EACH:
        return None
    offsets, truth = logits_of(decided.shares), decided.truth.astype(np.float64)
    likeness = strength.features * (decided.features @ decided.features.T).astype(np.float64) + strength.bias
    if not _is_better(_across(likeness, offsets, truth), offsets, truth):
        return None
    duals = _solve(likeness, offsets, truth)
    weights = strength.features * (duals @ decided.features)
    return Head(float(strength.bias * duals.sum()), np.asarray(weights, np.float32))


def logits_of(shares: _Doubles) -> _Doubles:
    """Shares as logits, kept finite."""
    inside = np.clip(shares, _LEAST, 1 - _LEAST)
    logits: _Doubles = np.log(inside / (1 - inside))
    return logits


def _solve(likeness: _Doubles, offsets: _Doubles, truth: _Doubles) -> _Doubles:
    """The dual weights, by Newton's steps, made shorter where one would lead uphill; each decision pulls with what is left unsaid of it."""
    duals = np.zeros(len(truth))
    for _ in range(_STEPS):
        moved = likeness @ duals
        shares = 1 / (1 + np.exp(-(offsets + moved)))
        curve = np.maximum(shares * (1 - shares), _LEAST)
        target = moved + (truth - shares) / curve
        step: _Doubles = np.asarray(np.linalg.solve(likeness + np.diag(1 / curve), target) - duals, np.float64)
        before = _cost(likeness, offsets, truth, duals)
        while np.abs(step).max() >= _LEAST and _cost(likeness, offsets, truth, duals + step) > before:
            step /= 2
        duals = duals + step
        if np.abs(step).max() < _LEAST:
            break
    return duals


def _cost(likeness: _Doubles, offsets: _Doubles, truth: _Doubles, duals: _Doubles) -> float:
    """What is minimised: the decisions' loss and the squared length of the weights."""
    moved = likeness @ duals
    return len(truth) * _loss(offsets + moved, truth) + float(duals @ moved) / 2


def _across(likeness: _Doubles, offsets: _Doubles, truth: _Doubles) -> _Doubles:
    """The logit of each decision by weights made from the others (in five parts)."""
    found = np.zeros(len(truth))
    parts = np.array([zlib.crc32(str(at).encode()) % _FOLDS for at in range(len(truth))])
    for part in range(_FOLDS):
        left, kept = parts == part, parts != part
        duals = _solve(likeness[np.ix_(kept, kept)], offsets[kept], truth[kept])
        found[left] = offsets[left] + likeness[np.ix_(left, kept)] @ duals
    return found


def _is_better(taught: _Doubles, shipped: _Doubles, truth: _Doubles) -> bool:
    """Whether the decisions are told better by more than chance would do: by half a standard error of what each of them gains."""
    gains = _losses(shipped, truth) - _losses(taught, truth)
    return bool(gains.mean() > _MARGIN * gains.std() / np.sqrt(len(gains)))


def _losses(logits: _Doubles, truth: _Doubles) -> _Doubles:
    losses: _Doubles = np.logaddexp(0, np.where(truth > 0, -logits, logits))
    return losses


def _loss(logits: _Doubles, truth: _Doubles) -> float:
    return float(_losses(logits, truth).mean())

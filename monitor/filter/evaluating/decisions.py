"""What an owner's decisions would be worth: some of the texts are decided, and the others judged with what was learnt from those.

The file is taken for one brand's stream. The labels are the owner's decisions, whatever they are called: a brand to whom every unhappy post is
a complaint teaches just that.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.filter import by_both
from monitor.filter.by_look import COMPLAINT
from monitor.filter.evaluating.measures import Truth, f1
from monitor.filter.first_look import first_look
from monitor.filter.heads import Floats
from monitor.filter.looking import look_closely
from monitor.learning.features import Features, stack_both, stack_first, take
from monitor.learning.fitting import BOTH, FIRST, Decisions, fit, logits_of
from monitor.learning.lines import find_line
from monitor.learning.teaching import MOST_HEARD
from storage.words import Brand, Post

COUNTS = (25, 50, 100, 200, 400)
DRAWS = 5
"""How often other texts are decided; what is told is the mean."""
_AT_ONCE = 16
_NOBODY = Brand(key="evaluation", name="")


@dataclass(frozen=True, slots=True)
class Taught:
    """F1 on texts that nobody decided: as shipped, at the shipped line, and with what `decisions` decisions taught. Means of DRAWS draws,
    and the smallest gain of any."""

    decisions: int
    shipped: float
    taught: float
    least_gain: float


def teach(
    posts: Sequence[Post], truth: Truth, *, deep: bool, progress: Callable[[int], None], seed: int = 7
) -> list[Taught]:
    """What each of COUNTS decisions is worth, as far as as many texts are left again. Raises WeightsDamaged, OSError."""
    looked: list[Features] = []
    for begin in range(0, len(posts), _AT_ONCE):
        page = look_closely(posts[begin : begin + _AT_ONCE], _NOBODY, deep=deep)
        looked.extend(take(one, may_learn=True) for one in page)
        progress(len(looked))
    shares = np.array([(one.both if deep else one.first)[COMPLAINT] for one in looked], np.float64)
    stream = _Stream(shares, stack_both(looked) if deep else stack_first(looked), truth, deep)
    chance = random.Random(seed)  # noqa: S311 - it draws texts, it guards no secret
    orders = [np.array(chance.sample(range(len(truth)), len(truth))) for _ in range(DRAWS)]
    return [stream.teach(count, orders) for count in COUNTS if 2 * count <= len(truth)]


@dataclass(frozen=True, slots=True)
class _Stream:
    shares: NDArray[np.float64]
    features: Floats
    truth: Truth
    deep: bool

    def teach(self, count: int, orders: Sequence[NDArray[np.int64]]) -> Taught:
        """The mean of all draws of so many decisions."""
        pairs = [self._once(order, count) for order in orders]
        shipped, taught = np.mean(pairs, axis=0).tolist()
        return Taught(count, shipped, taught, min(after - before for before, after in pairs))

    def _once(self, order: NDArray[np.int64], count: int) -> tuple[float, float]:
        decided, left = order[:count], order[count:]
        shipped = by_both.LINE if self.deep else first_look().line
        decisions = Decisions(self.shares[decided], self.truth[decided], self.features[decided])
        head = fit(decisions, BOTH if self.deep else FIRST)
        logits = logits_of(self.shares)
        if head is not None:
            logits = logits + head.bias + self.features @ head.weights
        taught = 1 / (1 + np.exp(-logits))
        line = find_line(taught[order[:MOST_HEARD]], None, timedelta(days=1)) or shipped
        truth = self.truth[left]
        return f1(self.shares[left] >= shipped, truth), f1(taught[left] >= line, truth)

"""From which share on a mention is raised: where F1 is expected to be best over what came lately, or as many a day as the owner wants."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.filter.expected import expect_best_line

FEWEST = 50
"""Mentions from which on their scores say where the line should be (detection.md 3.5: 20 to 50 texts tell a stream)."""
LOWEST, HIGHEST = 0.2, 0.7
"""Lines are kept between: a stream with hardly a complaint would raise everything, one with nothing else hardly anything."""


def find_line(scores: NDArray[np.float64], per_day: float | None, within: timedelta) -> float | None:
    """The line for a stream with these scores, which came within a time; None where they are too few to say."""
    if len(scores) < FEWEST:
        return None
    if per_day is None:
        return round(min(max(expect_best_line(scores), LOWEST), HIGHEST), 3)
    wanted = round(per_day * max(within / timedelta(days=1), 1.0))
    falling = np.sort(scores)[::-1]
    if wanted >= len(falling):
        return 0.0
    above = falling[wanted - 1] if wanted else 1.0
    return round(float((above + falling[wanted]) / 2), 6)  # scores lie close where a brand has taught much

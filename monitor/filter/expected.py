"""Where to draw the line when nobody has told us yet which scores were right: where F1 is expected to be best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def expect_best_line(probabilities: NDArray[np.floating]) -> float:
    """The line from which on a score raises, so that expected F1 over these scores is best (Lipton et al., 2014); 0.5 for none.

    Raising the k highest finds as many complaints as their probabilities add up to, of all that all add up to.
    """
    if not len(probabilities):
        return 0.5
    falling = np.sort(np.asarray(probabilities, np.float64))[::-1]
    found = np.cumsum(falling)
    expected = 2 * found / (np.arange(1, len(falling) + 1) + found[-1])
    best = int(expected.argmax())
    after = falling[best + 1] if best + 1 < len(falling) else 0.0
    return float((falling[best] + after) / 2)

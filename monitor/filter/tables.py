"""Tables of small whole numbers that are looked up by hashed grams and added up, many at a time.

Three columns share one number of 64 bits, so that one addition adds three of them: that is three times as quick as adding up rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.filter.grams import BITS, Grams
from monitor.filter.heads import Floats

_TOGETHER = 3
_WIDTH = 21  # bits of a column's sum: enough for 8,000 grams of a text, and the longest has 4,800
_MIDDLE = 128  # added to each weight, so that none is negative
_MASK = (1 << _WIDTH) - 1
_SHIFTS = np.arange(_TOGETHER, dtype=np.int64) * _WIDTH


@dataclass(frozen=True, slots=True)
class Table:
    """Weights of some heads: a whole number per drawer and head, times the head's `scale`. Fewer drawers than the grams' share them."""

    lanes: tuple[NDArray[np.int64], ...]
    scale: Floats

    @property
    def heads(self) -> int:
        """How many columns there are."""
        return len(self.scale)

    def sum(self, grams: Grams) -> NDArray[np.int32]:
        """What each text's grams add up to as whole numbers, one row per text."""
        drawers = grams.drawers >> (BITS - (len(self.lanes[0]).bit_length() - 1))
        counts = grams.counts()
        full = np.flatnonzero(counts)
        sums = np.zeros((grams.texts, self.heads), np.int32)
        if len(full):
            begins = (np.cumsum(counts) - counts)[full]
            together = np.stack([np.add.reduceat(lane.take(drawers), begins) for lane in self.lanes], axis=1)
            apart = (together[:, :, None] >> _SHIFTS) & _MASK
            sums[full] = apart.reshape(len(full), -1)[:, : self.heads] - (counts[full] * _MIDDLE)[:, None]
        return sums


def pack(weights: NDArray[np.int8], scale: Floats) -> Table:
    """Weights of -127..127, a row per drawer and a column per head, as a table."""
    lanes = [np.zeros(len(weights), np.int64) for _ in range(-(-weights.shape[1] // _TOGETHER))]
    for column in range(weights.shape[1]):
        lanes[column // _TOGETHER] += (weights[:, column].astype(np.int64) + _MIDDLE) << _SHIFTS[column % _TOGETHER]
    return Table(tuple(lanes), scale)

"""The town's time: it does not depend on how fast the machine is, so that a run is the same again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When every run begins, so that it does not depend on the day on which it is made either."""

TICK = timedelta(milliseconds=1)


@dataclass(slots=True)
class TownClock:
    """Goes on by a millisecond whenever somebody looks, and as far as it is turned. Any thread may look."""

    at: datetime = EPOCH
    _looks: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def __call__(self) -> datetime:
        """What time it is in the town."""
        return self.at + next(self._looks) * TICK

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self.begin(self() + by)

    def turn_to(self, at: datetime) -> None:
        """Let time pass until an instant; one that is over already changes nothing."""
        self.begin(max(at, self()))

    def begin(self, at: datetime = EPOCH) -> None:
        """Begin anew."""
        self.at, self._looks = at, itertools.count()

"""The town's time: it stands where it was put, goes on as ours does, and is turned forward between two starts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When every run begins, so that a run does not depend on the day on which it is made."""


@dataclass(slots=True)
class TownClock:
    """`at` was the time when the monotonic clock, which all processes of a machine share, stood at `since`."""

    at: datetime = EPOCH
    since: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """What time it is in the town."""
        return self.at + timedelta(seconds=time.monotonic() - self.since)

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self.at, self.since = self() + by, time.monotonic()

    def turn_to(self, at: datetime) -> None:
        """Let time pass until an instant; one that is over already changes nothing."""
        self.turn(max(at - self(), timedelta(0)))

    def begin(self, at: datetime = EPOCH) -> None:
        """Begin anew."""
        self.at, self.since = at, time.monotonic()

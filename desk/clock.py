"""The only place that asks the machine what time it is, and that notices when the answer makes no sense."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

JUMP = timedelta(seconds=5)
"""Smaller differences between the two clocks are ordinary slewing by NTP."""


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class ClockWatch:
    """Compares the wall clock, which people and NTP may set, with the monotonic one, which nobody can.

    `look()` gives how far the wall clock jumped since the last look: negative when it was set back, zero when it did not jump.
    """

    wall: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    _apart: timedelta | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def look(self) -> timedelta:
        """The jump since the last look, or zero."""
        apart = self.wall() - datetime.fromtimestamp(0, UTC) - timedelta(seconds=self.monotonic())
        before, self._apart = self._apart, apart
        if before is None or abs(apart - before) < JUMP:
            return timedelta(0)
        return apart - before

    def settle(self, put_right: Callable[[timedelta], None]) -> timedelta:
        """Look, and have a jump put right before anybody else may look. One that could not be put right is found again."""
        with self._lock:
            before = self._apart
            jump = self.look()
            try:
                if jump:
                    put_right(jump)
            except BaseException:
                self._apart = before
                raise
            return jump

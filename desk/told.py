"""What the log is told of a trouble that lasts: once, then at most every hour, and once when it is over.

Work is looked for every few seconds, and each kind of it meets the same full disk; a log that repeats one sentence all night hides
every other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

HOURLY = 3600.0
FIRST_GAP = 60.0
"""Seconds before a trouble that went and came back is told again; doubled each time up to an hour, and begun anew after a quiet hour."""
MOST = 50
"""Different sentences remembered; a library may put a new number into each."""


@dataclass(slots=True)
class _Sentence:
    at: float  # when it was told
    seen: float  # when it was last met
    times: int = 1


class Told:
    """One trouble that several may have at once, such as the base that cannot be used. Safe to use from any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._troubled: dict[str, str] = {}
        self._sentences: dict[str, _Sentence] = {}
        self._since = 0.0
        self._spoken = False

    def trouble(self, who: str, why: str) -> bool:
        """`who` has it, because of `why`; whether the log should hear of it now."""
        now = self._monotonic()
        with self._lock:
            if not self._troubled:
                self._since, self._spoken = now, False
            lasts = why in self._troubled.values()
            self._troubled[who] = why
            if not self._is_news(why, now, lasts=lasts):
                return False
            self._spoken = True
            return True

    def well(self, who: str) -> timedelta | None:
        """`who` does not have it any more. How long it lasted, when that was the last one and the log has heard of it."""
        with self._lock:
            if self._troubled.pop(who, None) is None or self._troubled or not self._spoken:
                return None
            return timedelta(seconds=self._monotonic() - self._since)

    @property
    def why(self) -> str | None:
        """The trouble as it was last given, while anybody has it."""
        with self._lock:
            return next(reversed(self._troubled.values()), None)

    def _is_news(self, why: str, now: float, *, lasts: bool) -> bool:
        known = self._sentences.get(why)
        if known is None:
            if len(self._sentences) >= MOST:
                self._sentences.clear()
            self._sentences[why] = _Sentence(now, now)
            return True
        quiet, known.seen = now - known.seen, now
        if quiet >= HOURLY:
            known.at, known.times = now, 1
            return True
        gap = HOURLY if lasts else min(FIRST_GAP * 2 ** (known.times - 1), HOURLY)
        if now - known.at < gap:
            return False
        known.at, known.times = now, known.times + (not lasts)
        return True

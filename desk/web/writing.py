"""Whether the base takes writes, asked at most every few seconds: the health page is open to everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from storage.engine import BaseUnavailable

EVERY = 2.0  # seconds


class Writing:
    """Remembers the last answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._trouble: str | None = None

    def trouble(self, can_write: Callable[[], None]) -> str | None:
        """Why the base cannot be written, or None."""
        with self._lock:
            if time.monotonic() - self._asked >= EVERY:
                try:
                    can_write()
                    self._trouble = None
                except BaseUnavailable as error:
                    self._trouble = error.why
                self._asked = time.monotonic()
            return self._trouble

"""How often X may be asked: requests per window, counted per app or per account, with the headers that tell.

Figures: X's rate-limit page of 2026-08 for those marked so in LIMITS; the others are of the same order.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.world import World
from sandbox.x.door import Asker
from sandbox.x.options import XOptions
from sandbox.x.problems import plain

WINDOW = timedelta(minutes=15)
DAY = timedelta(hours=24)

LIMITS: dict[str, tuple[int, int]] = {
    "search": (450, 300),  # published
    "mentions": (450, 300),  # published
    "tweets": (3500, 5000),  # published for apps
    "tweet": (3500, 5000),
    "users_tweets": (1500, 900),
    "me": (75, 75),  # published
    "users_by": (300, 900),
    "create": (100, 100),  # published
    "delete": (50, 50),  # recorded
}
"""Requests per fifteen minutes by endpoint: for an app alone, and for an account."""

CREATED_A_DAY = 10_000
"""Posts per app and 24 hours, published."""


@dataclass(slots=True)
class Count:
    """Requests within one window."""

    ends: datetime
    used: int = 0


@dataclass(slots=True)
class Limits:
    """Counts requests; windows begin with the first one in them, as X's do."""

    world: World
    options: XOptions
    _counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, endpoint: str, asker: Asker) -> dict[str, str]:
        """Count one request; the headers to answer with. Raises Problem 429, which carries the headers too."""
        limit = self.options.limits.get(endpoint, LIMITS[endpoint][asker.is_user])
        used, ends = self._one_more(endpoint, asker.token, WINDOW, limit)
        headers = _headers("x-rate-limit", limit, used, ends)
        over = used > limit
        if endpoint == "create":
            daily = self.options.limits.get("create_day", CREATED_A_DAY)
            used_today, day_ends = self._one_more("create_day", "app", DAY, daily)
            headers |= _headers("x-app-limit-24hour", daily, used_today, day_ends)
            over = over or used_today > daily
        if over:
            problem = plain(429, "Too Many Requests", "Too Many Requests", f"rate limit of {endpoint}")
            problem.headers = headers
            raise problem
        return headers

    def _one_more(self, endpoint: str, token: str, window: timedelta, limit: int) -> tuple[int, datetime]:
        now = self.world.clock()
        with self._lock:
            count = self._counts.get((endpoint, token))
            if count is None or count.ends <= now:
                count = self._counts[endpoint, token] = Count(now + window)
            count.used = min(count.used + 1, limit + 1)
            return count.used, count.ends


def _headers(name: str, limit: int, used: int, ends: datetime) -> dict[str, str]:
    return {
        f"{name}-limit": str(limit),
        f"{name}-remaining": str(max(0, limit - used)),
        f"{name}-reset": str(int(ends.timestamp()) + 1),
    }

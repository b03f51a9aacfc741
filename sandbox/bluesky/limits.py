"""How often Bluesky may be asked (its rate-limit page: 3,000 requests in 5 minutes, 30 log-ins, 5,000 points of writing an hour)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.bluesky.asking import Problem
from sandbox.bluesky.options import BlueskyOptions
from sandbox.world import World

WINDOW, HOUR = timedelta(minutes=5), timedelta(hours=1)

POINTS = {
    "com.atproto.repo.createRecord": 3,
    "com.atproto.repo.putRecord": 2,
    "com.atproto.repo.deleteRecord": 1,
}


@dataclass(slots=True)
class Count:
    """What was used within one window."""

    ends: datetime
    used: int = 0


@dataclass(slots=True)
class Limits:
    """Counts requests and points; windows begin with the first one in them."""

    world: World
    options: BlueskyOptions
    _counts: dict[str, Count] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def request(self) -> dict[str, str]:
        """Count one request; the headers to answer with. Raises Problem 429, which carries them too."""
        return self._use("all", 1, self.options.allowed, WINDOW)

    def log_in(self, identifier: str) -> dict[str, str]:
        """Count one log-in."""
        return self._use(f"log-in {identifier.lower()}", 1, self.options.logins, WINDOW)

    def write(self, nsid: str, account_id: str) -> dict[str, str]:
        """Count the points of one write."""
        return self._use(f"write {account_id}", POINTS[nsid], self.options.points, HOUR)

    def _use(self, name: str, points: int, limit: int, window: timedelta) -> dict[str, str]:
        now = self.world.clock()
        with self._lock:
            count = self._counts.get(name)
            if count is None or not now < count.ends <= now + window:
                count = self._counts[name] = Count(now + window)
            over = count.used + points > limit
            if not over:
                count.used += points
            headers = {
                "ratelimit-limit": str(limit),
                "ratelimit-remaining": str(max(0, limit - count.used)),
                "ratelimit-reset": str(int(count.ends.timestamp()) + 1),
                "ratelimit-policy": f"{limit};w={int(window.total_seconds())}",
            }
        if over:
            problem = Problem(
                429, "RateLimitExceeded", "Rate Limit Exceeded", f"rate limit of {name.split(maxsplit=1)[0]}"
            )
            problem.headers = headers
            raise problem
        return headers

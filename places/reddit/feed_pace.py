"""The pace of feeds: Reddit counts the requests of an address, so everything in this process that reads feeds takes turns."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from places.doors import Unavailable

FORGET_AFTER = timedelta(hours=1)
"""A time further off than this was told by another clock, or is nonsense."""

WAITING = "Reddit takes one question a minute for its public feeds; this one waits for its turn."


class Pace:
    """When the next request may go out. Any thread may ask."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._lock = threading.Lock()
        self._last: datetime | None = None
        self._closed_until: datetime | None = None
        self._booked: dict[str, datetime] = {}
        self.taken_by = ""  # whose turn it was last

    def take(self, who: str, now: datetime) -> None:
        """Take the turn. Raises Unavailable with the time of a turn that is kept for `who`."""
        with self._lock:
            self._booked = {
                name: at for name, at in self._booked.items() if now - self._every < at <= now + FORGET_AFTER
            }
            free = self._free_at(now)
            if who in self._booked:
                free = max(free, self._booked[who])
            elif self._booked:
                free = max(free, max(self._booked.values()) + self._every)
            if free > now:
                self._booked[who] = free
                raise Unavailable(WAITING, free)
            self._booked.pop(who, None)
            self._last, self.taken_by = now, who

    def is_free(self, now: datetime) -> bool:
        """Whether a turn is there for the taking, and nobody waits for one."""
        with self._lock:
            coming = [at for at in self._booked.values() if now - self._every < at <= now + FORGET_AFTER]
            return not coming and self._free_at(now) <= now

    def asked(self, at: datetime) -> None:
        """A request went out at an instant; a restart had forgotten it."""
        with self._lock:
            if self._last is None or at > self._last:
                self._last = at

    def close(self, until: datetime, *, in_vain: bool) -> None:
        """Reddit takes nothing before `until`. `in_vain`: the request that was told so was not answered, and took no turn."""
        with self._lock:
            self._closed_until = until
            if in_vain:
                self._last = None

    def _free_at(self, now: datetime) -> datetime:
        free = now
        if self._last is not None and now < self._last + self._every <= now + self._every:
            free = self._last + self._every
        if self._closed_until is not None and now < self._closed_until <= now + FORGET_AFTER:
            free = max(free, self._closed_until)
        return free


_paces: dict[tuple[str, timedelta], Pace] = {}
_paces_lock = threading.Lock()


def pace_of(url: str, every: timedelta) -> Pace:
    """The one pace of this process for a site."""
    with _paces_lock:
        return _paces.setdefault((url, every), Pace(every))

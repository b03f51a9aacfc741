"""Where reading stands: an opaque string for everybody else, JSON in here. It may lie in the middle of a walk through pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from places.mastodon.statuses import instant, is_id

AHEAD = timedelta(minutes=10)
"""Nothing that claims to come from further ahead moves the mark: one of them would hide everything that comes before it."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through pages, newest first. `below` is the id that the next page begins under, `since` how far back it goes, `newest`
    the newest instant met."""

    below: str
    since: datetime
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: the newest instant of all finished walks, by the instance's clock. It only ever rises."""

    mark: datetime | None = None
    walk: Walk | None = None

    def write(self) -> str:
        """As kept in the base."""
        parts: dict[str, Any] = {"mark": _written(self.mark)}
        if self.walk is not None:
            walk = self.walk
            parts["walk"] = {"below": walk.below, "since": _written(walk.since), "newest": _written(walk.newest)}
        return json.dumps(parts, sort_keys=True)

    @classmethod
    def read(cls, written: str | None) -> Cursor:
        """From what was kept. Nothing, or nothing sensible, is the beginning: reading anew costs a little, a stop costs complaints."""
        try:
            parts = json.loads(written or "{}")
            cursor = cls(_instant(parts.get("mark")))
            walk = parts.get("walk")
            if isinstance(walk, dict) and is_id(walk.get("below")):
                return replace(
                    cursor, walk=Walk(walk["below"], instant(walk.get("since")), _instant(walk.get("newest")))
                )
        except (ValueError, AttributeError, OverflowError, RecursionError):
            return cls()
        return cursor

    def turned(self, newest: datetime | None, below: str | None, since: datetime) -> Cursor:
        """After a page: on to what lies below, or the walk is done."""
        met = [one for one in (newest, self.walk.newest if self.walk is not None else None) if one is not None]
        if below is not None:
            return Cursor(self.mark, Walk(below, since, max(met, default=None)))
        return Cursor(max([*met, *([self.mark] if self.mark is not None else [])], default=None))


def _written(when: datetime | None) -> str | None:
    return when.isoformat() if when is not None else None


def _instant(told: Any) -> datetime | None:
    return None if told is None else instant(told)

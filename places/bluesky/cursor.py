"""Where reading stands: an opaque string for everybody else, JSON in here. It may lie in the middle of a walk through pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from places.bluesky.posts import instant


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through pages, newest first, that ends at `since`. `token` leads to the next page, `newest` is the newest instant met."""

    token: str
    since: datetime
    newest: datetime | None
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """`newest`: the newest instant of all finished walks, None when there was none. It only ever rises."""

    newest: datetime | None = None
    walk: Walk | None = None

    def write(self) -> str:
        """As kept in the base."""
        parts: dict[str, Any] = {"newest": _stamp(self.newest)}
        if self.walk is not None:
            walk = self.walk
            parts["walk"] = {
                "token": walk.token,
                "since": _stamp(walk.since),
                "newest": _stamp(walk.newest),
                "pages": walk.pages,
            }
        return json.dumps(parts, sort_keys=True)

    @classmethod
    def read(cls, written: str | None) -> Cursor:
        """From what was kept. Nothing, or nothing sensible, is the beginning: reading anew costs a little, a stop costs complaints."""
        try:
            parts = json.loads(written or "{}")
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(parts, dict):
            return cls()
        cursor, walk = cls(instant(parts.get("newest"))), parts.get("walk")
        since = instant(walk.get("since")) if isinstance(walk, dict) else None
        if not isinstance(walk, dict) or since is None or not isinstance(walk.get("token"), str):
            return cursor
        pages = walk.get("pages")
        went = Walk(walk["token"], since, instant(walk.get("newest")), pages if type(pages) is int else 0)
        return replace(cursor, walk=went)

    def starts_at(self, now: datetime, overlap: timedelta, first_look: timedelta) -> datetime:
        """The instant back to which a new walk reads."""
        return now - first_look if self.newest is None else min(self.newest, now) - overlap

    def stepped(self, walk: Walk, newest: datetime | None, token: str | None) -> Cursor:
        """After a page of this walk: on to the next one, or the walk is done."""
        highest = max((one for one in (walk.newest, newest) if one is not None), default=None)
        if token is not None:
            return Cursor(self.newest, Walk(token, walk.since, highest, walk.pages + 1))
        return Cursor(max((one for one in (self.newest, highest) if one is not None), default=None))


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None

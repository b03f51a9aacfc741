"""Where reading stands: an opaque string for everybody else, JSON in here. It may lie in the middle of a walk through pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from places.x.posts import is_id


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through the pages of one question. `start` is what it began with, `newest` the newest id of its first page."""

    token: str
    start: str | None
    newest: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """`newest`: the highest id of all finished walks, 0 when there was none. It only ever rises."""

    newest: int = 0
    walk: Walk | None = None

    def write(self) -> str:
        """As kept in the base."""
        parts: dict[str, object] = {"newest": str(self.newest)}
        if self.walk is not None:
            parts["walk"] = {"token": self.walk.token, "start": self.walk.start, "newest": str(self.walk.newest)}
        return json.dumps(parts, sort_keys=True)

    @classmethod
    def read(cls, written: str | None) -> Cursor:
        """From what was kept. Nothing, or nothing sensible, is the beginning: reading anew costs a little, a stop costs complaints."""
        try:
            parts = json.loads(written or "{}")
        except ValueError:
            return cls()
        if not isinstance(parts, dict) or not is_id(parts.get("newest")):
            return cls()
        cursor, walk = cls(int(parts["newest"])), parts.get("walk")
        if isinstance(walk, dict) and isinstance(walk.get("token"), str) and is_id(walk.get("newest")):
            start = walk.get("start")
            return replace(
                cursor, walk=Walk(walk["token"], start if isinstance(start, str) else None, int(walk["newest"]))
            )
        return cursor

    def turned(self, newest: int, token: str | None, start: str | None) -> Cursor:
        """After a page: on to the next one, or the walk is done."""
        newest = max(newest, self.walk.newest if self.walk is not None else 0)
        if token is not None:
            return Cursor(self.newest, Walk(token, start, newest))
        return Cursor(max(self.newest, newest))

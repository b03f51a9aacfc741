"""Where reading stands: an opaque string for everybody else, JSON in here. It may lie in the middle of a walk through pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from places.x.posts import is_id


@dataclass(frozen=True, slots=True)
class Page:
    """What a walk needs to know of a page. `token` leads to the next one; ids are 0 where the page has none to be believed."""

    token: str | None
    newest: int
    oldest: int
    number: int


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through the pages of one question. `start` is what it began with, `newest` the newest id of its first page.

    `seen` counts the posts of its pages so far, `oldest` is the oldest id among them (0: none yet).
    """

    token: str
    start: str | None
    newest: int
    seen: int = 0
    oldest: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """`newest`: the highest id of all finished walks, 0 when there was none. It only ever rises."""

    newest: int = 0
    walk: Walk | None = None

    def write(self) -> str:
        """As kept in the base."""
        parts: dict[str, object] = {"newest": str(self.newest)}
        if self.walk is not None:
            walk = self.walk
            parts["walk"] = {
                "token": walk.token,
                "start": walk.start,
                "newest": str(walk.newest),
                "seen": walk.seen,
                "oldest": str(walk.oldest),
            }
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
            start, seen, oldest = walk.get("start"), walk.get("seen"), walk.get("oldest")
            return replace(
                cursor,
                walk=Walk(
                    token=walk["token"],
                    start=start if isinstance(start, str) else None,
                    newest=int(walk["newest"]),
                    seen=seen if isinstance(seen, int) else 0,
                    oldest=int(str(oldest)) if is_id(oldest) else 0,
                ),
            )
        return cursor

    def stepped(self, page: Page, start: str | None) -> Walk:
        """The walk with one more page behind it."""
        before = self.walk or Walk("", start, 0)
        oldest = min((one for one in (before.oldest, page.oldest) if one), default=0)
        return Walk(page.token or "", start, max(before.newest, page.newest), before.seen + page.number, oldest)

    def turned(self, walk: Walk) -> Cursor:
        """After a page: on to the next one, or the walk is done."""
        return Cursor(self.newest, walk) if walk.token else Cursor(max(self.newest, walk.newest))

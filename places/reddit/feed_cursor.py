"""Where reading feeds stands: whose turn it was, how far each feed was read, and when something was last asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from places.reddit.feed_wire import MOST_TAG, NO_TAGS, Tags

MOST_FEEDS = 50
"""Feeds that a cursor keeps."""

FURTHEST = 1e11
"""Seconds since 1970 that no instant of ours exceeds."""

KEYED = {"search": "search", "comments": "comments", "new": "search"}
"""What the cursor of reading with keys calls the stream that a feed continues, so that a change to feeds tells what it missed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one feed was read: the newest instant seen in it (Unix time, 0: none), and what its last answer came with."""

    newest: float = 0.0
    tags: Tags = NO_TAGS


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """`turn`: the feed read last. `asked`: when (Unix time), so that a restart keeps the pace."""

    turn: str = ""
    asked: float = 0.0
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def mark(self, feed: str) -> Mark:
        """How far a feed was read."""
        return self.marks.get(feed, Mark())

    def asked_at(self) -> datetime | None:
        """When something was last asked."""
        return datetime.fromtimestamp(self.asked, UTC) if self.asked else None

    def after(self, turn: str, now: datetime, mark: Mark | None = None) -> FeedCursor:
        """Where it stands after a turn. A mark never goes back."""
        marks = dict(self.marks)
        if mark is not None:
            marks[turn] = replace(mark, newest=max(mark.newest, self.mark(turn).newest))
        return FeedCursor(turn, now.timestamp(), marks)

    def write(self) -> str:
        """As kept in the base."""
        feeds = {
            name: {"newest": mark.newest, "etag": mark.tags.etag, "modified": mark.tags.modified}
            for name, mark in sorted(self.marks.items())
        }
        return json.dumps({"turn": self.turn, "asked": self.asked, "feeds": feeds})

    @classmethod
    def read(cls, written: str | None) -> FeedCursor:
        """From what was kept; a cursor of reading with keys is continued, and one that is none of ours counts as none."""
        try:
            said = json.loads(written or "{}")
        except ValueError:
            return cls()
        if not isinstance(said, dict):
            return cls()
        feeds = said.get("feeds")
        if not isinstance(feeds, dict):
            keyed = {name: Mark(_instant(said.get(stream))) for name, stream in KEYED.items()}
            return cls(marks={name: mark for name, mark in keyed.items() if mark.newest})
        marks = {name: _mark(kept) for name, kept in list(feeds.items())[:MOST_FEEDS] if isinstance(kept, dict)}
        turn, asked = said.get("turn"), said.get("asked")
        return cls(turn if isinstance(turn, str) else "", _instant(asked), marks)


def _mark(kept: Mapping[str, Any]) -> Mark:
    newest, etag, modified = kept.get("newest"), kept.get("etag"), kept.get("modified")
    tags = Tags(*(tag if isinstance(tag, str) and len(tag) <= MOST_TAG else "" for tag in (etag, modified)))
    return Mark(_instant(newest), tags)


def _instant(value: Any) -> float:
    """An instant in Unix time, 0 where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < FURTHEST:
        return 0.0
    return float(value)

"""What a Post cannot say and we once saw: whether it was rewritten, and whether it takes answers. Forgotten when the service stops."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

REPLIES_CLOSED = "Its author lets only some people answer there, and our account is not among them."
BLOCKED = "This person has blocked our account."
BLOCKING = "Our account has blocked this person."


@dataclass(frozen=True, slots=True)
class Sight:
    """A post as it was last seen. `cid` is a hash of its content; `edited_at` is when we noticed that it had changed."""

    cid: str
    edited_at: datetime | None
    closed: str


class Memory:
    """The newest 20,000 posts seen, by their address. Any thread may use it."""

    MOST = 20_000

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Sight] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, uri: str, cid: str, closed: str, now: datetime) -> Sight:
        """Take note of a post as it is seen now."""
        with self._lock:
            before = self._seen.pop(uri, None)
            edited_at = before.edited_at if before is not None else None
            if before is not None and before.cid != cid:
                edited_at = now
            self._seen[uri] = Sight(cid, edited_at, closed)
            if len(self._seen) > self.MOST:
                self._seen.popitem(last=False)
            return self._seen[uri]

    def knows(self, uri: str) -> bool:
        """Whether a post was seen before."""
        with self._lock:
            return uri in self._seen

    def closed(self, uri: str) -> str:
        """Why a post takes no answer from us, or ""."""
        with self._lock:
            sight = self._seen.get(uri)
        return sight.closed if sight is not None else ""


def closed_why(view: Mapping[str, Any]) -> str:
    """Why a post, as Bluesky shows it to us, takes no answer from us, or ""."""
    author = view.get("author")
    between = author.get("viewer") if isinstance(author, dict) else None
    if isinstance(between, dict):
        if between.get("blockedBy") is True:
            return BLOCKED
        if between.get("blocking") or between.get("blockingByList"):
            return BLOCKING
    viewer = view.get("viewer")
    if isinstance(viewer, dict) and viewer.get("replyDisabled") is True:
        return REPLIES_CLOSED
    return ""

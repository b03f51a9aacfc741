"""Conversations: where one begins, which Mastodon does not say of a status, and all that is said in it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from places.mastodon.statuses import Reader, age, is_id
from places.mastodon.wire import MastodonWire, NotThere
from storage.words import Post

REMEMBERED = 20_000
"""Statuses whose beginning is remembered, so that it is asked for once."""


class Threads:
    """Reads conversations for one account."""

    def __init__(self, wire: MastodonWire, reader: Reader) -> None:
        self._wire, self._reader = wire, reader
        self._roots: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def root(self, status: Any, now: datetime) -> str | None:
        """The id of the status that began the conversation; where that is gone, the oldest one still there. Raises Unavailable."""
        native, parent = (status.get("id"), status.get("in_reply_to_id")) if isinstance(status, dict) else (None, None)
        if not isinstance(native, str) or not is_id(native) or not isinstance(parent, str) or not is_id(parent):
            return None
        known = self.known(native) or self.known(parent)
        if known is None:
            above = self._ids(self._context(native, now).get("ancestors"))
            known = above[0] if above else parent
            self._note(known, above)
        self._note(known, [native])
        return known

    def known(self, native: str) -> str | None:
        """What is remembered of a status, without asking."""
        with self._lock:
            return self._roots.get(native)

    def read(self, post: Post, now: datetime) -> Sequence[Post]:
        """The conversation around a post as far as the instance shows it, oldest first. Raises Unavailable."""
        statuses = [self._status(post.native_id, now)]
        statuses += self._around(post.native_id, now)
        first = self._ids(statuses)
        if post.conversation_id != post.native_id and is_id(post.conversation_id):
            # What others say elsewhere under the same beginning, our own answers among it.
            if post.conversation_id not in first:
                statuses.append(self._status(post.conversation_id, now))
            statuses += self._around(post.conversation_id, now)
        posts, _ = self._reader.each([one for one in statuses if one is not None], post.conversation_id)
        self._note(post.conversation_id, [one.native_id for one in posts])
        found = {one.native_id: one for one in reversed(posts)}
        return sorted(found.values(), key=age)

    def _around(self, native: str, now: datetime) -> list[Any]:
        context = self._context(native, now)
        return [
            one for part in ("ancestors", "descendants") for one in (context.get(part) or []) if isinstance(one, dict)
        ]

    def _context(self, native: str, now: datetime) -> dict[str, Any]:
        try:
            told = self._wire.read(lambda client: client.status_context(native), now)
        except NotThere:
            return {}
        return (
            {part: value for part, value in told.items() if isinstance(value, list)} if isinstance(told, dict) else {}
        )

    def _status(self, native: str, now: datetime) -> Any:
        try:
            return self._wire.read(lambda client: client.status(native), now)
        except NotThere:
            return None

    @staticmethod
    def _ids(statuses: Any) -> list[str]:
        found = [one.get("id") for one in statuses if isinstance(one, dict)] if isinstance(statuses, list) else []
        return [one for one in found if isinstance(one, str) and is_id(one)]

    def _note(self, root: str, natives: Sequence[str]) -> None:
        with self._lock:
            for native in natives:
                self._roots[native] = root
                self._roots.move_to_end(native)
            while len(self._roots) > REMEMBERED:
                self._roots.popitem(last=False)

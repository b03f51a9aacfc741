"""A conversation on Reddit: the submission, and the comments as far as a few requests show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from places.doors import Unavailable
from places.reddit.line import Line
from places.reddit.shapes import FULLNAME, Reader, name_of
from storage.words import Post

SHOWN = 500
"""Comments asked for at once; Reddit gives no more."""

MORE_AT_ONCE = 100
REQUESTS = 8
"""Requests one thread may cost. A thread of thousands is cut there, and always around the comment it was asked for."""

ABOVE = 8
"""Comments above the one asked for; Reddit gives no more."""


def read_thread(line: Line, reader: Reader, post: Post, now: datetime) -> Sequence[Post]:
    """The posts of a conversation, oldest first; those that are gone are left out. Raises Unavailable."""
    link = post.conversation_id
    if not (FULLNAME.fullmatch(link) and FULLNAME.fullmatch(post.native_id)):
        return ()
    things = _Walk(line, link[3:], now).things(post.native_id)
    found: dict[str, Post] = {}
    for thing in things:
        read = reader.read_or_poison(thing, now)
        if isinstance(read, Post):
            found.setdefault(read.native_id, read)
    return sorted(found.values(), key=_age)


def _age(post: Post) -> tuple[datetime, bool, int, str]:
    """Reddit counts whole seconds; within one, the submission comes first and ids tell the rest."""
    return post.created_at, post.parent_id is not None, len(post.native_id), post.native_id


class _Walk:
    """Gathers the things of one thread, unfolding what Reddit folds away."""

    def __init__(self, line: Line, link: str, now: datetime) -> None:
        self._line, self._link, self._now = line, link, now
        self._left = REQUESTS

    def things(self, asked_for: str) -> list[Any]:
        around = asked_for[3:] if asked_for.startswith("t1_") else None
        submission, comments = self._fetch(around)
        found = list(submission)
        folded = _flatten(comments, found)
        while folded and self._left > 0:
            folded += self._unfold(folded.pop(0), found)
        return found

    def _fetch(self, comment: str | None) -> tuple[list[Any], list[Any]]:
        self._left -= 1
        path = f"comments/{self._link}/" + (f"_/{comment}" if comment else "")
        params: dict[str, str | int] = {"limit": SHOWN, "sort": "old", **({"context": ABOVE} if comment else {})}
        said = self._line.read(path, params, self._now)
        if not isinstance(said, list) or len(said) < 2:
            raise Unavailable("Reddit answered with something that is no thread.")
        return _children(said[0]), _children(said[1])

    def _unfold(self, more: dict[str, Any], found: list[Any]) -> list[dict[str, Any]]:
        """Put what is behind a `more` into `found`; gives further folds. Without children it means "continue below its parent"."""
        ids = [
            each for each in more.get("children") or () if isinstance(each, str) and FULLNAME.fullmatch(f"t1_{each}")
        ]
        if not ids:
            parent = more.get("parent_id")
            if not isinstance(parent, str) or not FULLNAME.fullmatch(parent) or parent.startswith("t3_"):
                return []
            return _flatten(self._fetch(parent[3:])[1], found)
        self._left -= 1
        now, rest = ids[:MORE_AT_ONCE], ids[MORE_AT_ONCE:]
        params = {"link_id": f"t3_{self._link}", "children": ",".join(now), "sort": "old", "api_type": "json"}
        said = self._line.read("api/morechildren/", params, self._now)
        inner = said.get("json") if isinstance(said, dict) else None
        data = inner.get("data") if isinstance(inner, dict) else None
        folded = _flatten(data.get("things") if isinstance(data, dict) else None, found)
        return [*([{"children": rest}] if rest else []), *folded]


def _children(listing: Any) -> list[Any]:
    data = listing.get("data") if isinstance(listing, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    return children if isinstance(children, list) else []


def _flatten(things: Any, into: list[Any]) -> list[dict[str, Any]]:
    """Put all comments of a tree into a list; gives the folds met on the way. Loops, as a thread may be a thousand deep."""
    folded, waiting = [], list(things) if isinstance(things, list) else []
    while waiting:
        thing = waiting.pop(0)
        data = thing.get("data") if isinstance(thing, dict) else None
        if not isinstance(data, dict):
            continue
        if thing.get("kind") == "more":
            folded.append(data)
            continue
        if name_of(thing) is not None:
            into.append(thing)
        waiting += _children(data.get("replies"))
    return folded

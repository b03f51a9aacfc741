"""A conversation on Bluesky: what Bluesky shows of it from its beginning, and around the post that we ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from places.bluesky.failing import BadQuestion, NotThere
from places.bluesky.line import Line
from places.bluesky.posts import Reader
from places.bluesky.uris import is_uri
from places.doors import Unavailable
from storage.words import Post

DEEP, HIGH = 30, 60
"""Answers below and posts above the one asked for; deeper nesting than some two hundred is too much for the reading of JSON."""
MOST_POSTS = 1_000

BLOCKED = "app.bsky.feed.defs#blockedPost"


def read_thread(line: Line, reader: Reader, post: Post, now: datetime) -> Sequence[Post]:
    """The posts of a conversation, oldest first; those that are gone or hidden are left out. Raises Unavailable."""
    if not is_uri(post.native_id):
        return ()
    found: dict[str, Post] = {}
    for uri in dict.fromkeys((post.conversation_id, post.native_id)):
        if not is_uri(uri) or post.native_id in found:
            continue
        for view in _views(_ask(line, uri, now)):
            read = reader.read_or_poison(view, now)
            if isinstance(read, Post):
                found.setdefault(read.native_id, read)
    return sorted(found.values(), key=lambda one: (one.created_at, one.parent_id is not None, one.native_id))


def why_gone(line: Line, uri: str, now: datetime) -> str | None:
    """Why a post is not shown to us: "deleted", "hidden" where somebody blocked somebody; None when it is shown after all."""
    there = _ask(line, uri, now)
    if there is None:
        return "deleted"
    if there.get("$type") == BLOCKED or there.get("blocked") is True:
        return "hidden"
    return None if isinstance(there.get("post"), dict) else "deleted"


def _ask(line: Line, uri: str, now: datetime) -> dict[str, Any] | None:
    """The tree around a post, None when there is no such post. Raises Unavailable."""
    try:
        body = line.read("app.bsky.feed.getPostThread", {"uri": uri, "depth": DEEP, "parentHeight": HIGH}, now)
    except NotThere:
        return None
    except BadQuestion as odd:
        raise Unavailable(odd.why) from odd
    tree = body.get("thread")
    if not isinstance(tree, dict):
        raise Unavailable("Bluesky answered with something that is no conversation.")
    return tree


def _views(tree: dict[str, Any] | None) -> Iterator[Any]:
    """Every post of a tree: upwards, then downwards. Loops, as strangers decide how deep it is."""
    waiting, seen = [tree], 0
    while waiting and seen < MOST_POSTS:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        seen += 1
        if isinstance(node.get("post"), dict):
            yield node["post"]
        replies = node.get("replies")
        waiting += [node.get("parent"), *(replies if isinstance(replies, list) else [])]

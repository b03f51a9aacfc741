"""What a reply becomes on Bluesky: a record that says what it answers and where that conversation began, with links and mentions marked.

It is made of the reply as it was approved, and of what it answers. So a second attempt makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from places.bluesky.facets import facets_of
from places.bluesky.failing import BadQuestion
from places.bluesky.line import Line
from places.bluesky.memory import closed_why
from places.bluesky.threads import why_gone
from places.bluesky.uris import POST, author_of, is_did, is_uri, is_young
from places.doors import Refused, Unavailable
from storage.words import Reply

GONE = "The post we wanted to answer is gone."
HIDDEN = "The post we wanted to answer is hidden from us."


def _answered(line: Line, reply: Reply, now: datetime) -> Mapping[str, Any]:
    """The post that is answered, as Bluesky shows it now. Raises Refused when it takes no answer from us, Unavailable."""
    try:
        body = line.read("app.bsky.feed.getPosts", {"uris": [reply.parent_id]}, now)
    except BadQuestion as odd:
        raise Refused(f"Bluesky does not understand what this answers. {odd.why}") from odd
    posts = body.get("posts")
    for view in posts if isinstance(posts, list) else []:
        if isinstance(view, dict) and view.get("uri") == reply.parent_id and isinstance(view.get("cid"), str):
            closed = closed_why(view)
            if closed:
                raise Refused(closed)
            return view
    why = why_gone(line, reply.parent_id, now)
    if why is None or is_young(reply.parent_id, now):
        raise Unavailable("Bluesky does not show the post that this answers just now.")
    raise Refused(HIDDEN if why == "hidden" else GONE)


def record_of(line: Line, reply: Reply, now: datetime) -> dict[str, Any]:
    """What is put up. Raises Refused when the answered post takes no answer from us, Unavailable when that cannot be told."""
    answered = _answered(line, reply, now)
    parent = {"uri": reply.parent_id, "cid": str(answered["cid"])}
    record: dict[str, Any] = {
        "$type": POST,
        "text": reply.text,
        "createdAt": _stamp(reply.first_sent_at or reply.sent_at),
        "reply": {"root": _root(answered) or parent, "parent": parent},
    }
    if reply.language:
        record["langs"] = [reply.language]
    facets = facets_of(reply.text, partial(_resolve, line, reply, now))
    if facets:
        record["facets"] = facets
    return record


def _resolve(line: Line, reply: Reply, now: datetime, handle: str) -> str | None:
    """Whose handle this is. Whether it becomes a link is not worth a late answer to the customer: then it stays plain text."""
    if handle == reply.customer_handle.lower():
        return author_of(reply.parent_id)
    try:
        did = line.read("com.atproto.identity.resolveHandle", {"handle": handle}, now).get("did")
    except Unavailable:
        return None
    return did if is_did(did) else None


def _root(answered: Mapping[str, Any]) -> dict[str, str] | None:
    """Where the conversation began, as the answered post itself says; None when it began it."""
    written = answered.get("record")
    reply = written.get("reply") if isinstance(written, dict) else None
    root = reply.get("root") if isinstance(reply, dict) else None
    if not isinstance(root, dict) or not is_uri(root.get("uri")) or not isinstance(root.get("cid"), str):
        return None
    return {"uri": root["uri"], "cid": root["cid"]}


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"

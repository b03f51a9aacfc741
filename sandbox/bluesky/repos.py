"""What stands in everybody's repository: the record of each post, and its hash.

What was written through the API is kept as it came. Of what townspeople wrote, the record is made here: with mentions and links marked,
as Bluesky's app would have done.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime
from typing import Any

from sandbox.bluesky.asking import POST, find_account
from sandbox.things import Version, WorldPost
from sandbox.world import World

MENTION = re.compile(r"(?<![\w@.])@([A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])")
LINK = re.compile(r"https?://[^\s<>\"]+")
SURROGATE = re.compile("[\ud800-\udfff]")

Written = dict[str, Any]


def cid_of(written: Written) -> str:
    """The hash of a record, in the form of a CID: the same for the same content in whatever order. (Not of DAG-CBOR, but of JSON.)"""
    content = json.dumps(written, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
    raw = b"\x01\x71\x12\x20" + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def stamp(instant: datetime) -> str:
    """An instant as Bluesky writes it, to the millisecond."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


class Repos:
    """The repositories of all accounts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._first_cids: dict[str, str] = {}

    def keep(self, uri: str, written: Written) -> None:
        """What was written through the API."""
        self.world.remember(f"bluesky:{uri}", json.dumps(written))

    def written(self, post: WorldPost, version: Version | None = None) -> Written:
        """The record of a post, in its newest version or an older one."""
        version = version or post.versions[-1]
        kept = self.world.recall(f"bluesky:{post.id}")
        text = SURROGATE.sub("\ufffd", version.text)  # no string of Bluesky's holds half a character
        if kept is not None:
            told: Written = json.loads(kept)
            return told if told["text"] == text else {**_without(told, "facets"), "text": text}
        made: Written = {"$type": POST, "text": text, "createdAt": stamp(post.created_at)}
        if post.lang:
            made["langs"] = [post.lang]
        facets = self._facets(text)
        if facets:
            made["facets"] = facets
        return made | self._around(post)

    def _around(self, post: WorldPost) -> Written:
        """What it answers and quotes."""
        around: Written = {}
        parent = self.world.post("bluesky", post.parent_id) if post.parent_id else None
        if parent is not None:
            root = self.world.post("bluesky", parent.conversation_id) or parent
            around["reply"] = {"root": self.reference(root), "parent": self.reference(parent)}
        quoted = self.world.post("bluesky", post.quoted_id) if post.quoted_id else None
        if quoted is not None:
            around["embed"] = {"$type": "app.bsky.embed.record", "record": self.reference(quoted)}
        return around

    def reference(self, post: WorldPost) -> dict[str, str]:
        """A post by address and hash; the hash is that of its first version, which whoever refers to it saw."""
        if post.id not in self._first_cids:
            self._first_cids[post.id] = cid_of(self.written(post, post.versions[0]))
        return {"uri": post.id, "cid": self._first_cids[post.id]}

    def _facets(self, text: str) -> list[Written]:
        found = []
        for mention in MENTION.finditer(text):
            account = find_account(self.world, mention[1])
            if account is not None:
                found.append(_facet(text, mention, {"$type": "app.bsky.richtext.facet#mention", "did": account.id}))
        found += [
            _facet(text, link, {"$type": "app.bsky.richtext.facet#link", "uri": link[0]})
            for link in LINK.finditer(text)
        ]
        return sorted(found, key=lambda one: int(one["index"]["byteStart"]))


def _facet(text: str, found: re.Match[str], feature: Written) -> Written:
    start, end = (len(text[:at].encode()) for at in found.span())
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def _without(written: Written, name: str) -> Written:
    return {key: value for key, value in written.items() if key != name}


def mentioned(written: Written) -> set[str]:
    """The ids of the accounts that a record mentions."""
    features = [one for facet in written.get("facets") or () for one in facet.get("features") or ()]
    return {str(one["did"]) for one in features if str(one.get("$type")).endswith("#mention") and "did" in one}


def answered(written: Written, which: str = "parent") -> str | None:
    """The address of what a record answers, or of the "root" of that conversation."""
    reply = written.get("reply")
    there = reply.get(which) if isinstance(reply, dict) else None
    return str(there["uri"]) if isinstance(there, dict) and "uri" in there else None


def quoted(written: Written) -> str | None:
    """The address of what a record quotes."""
    embed = written.get("embed")
    inner = embed.get("record") if isinstance(embed, dict) else None
    return str(inner["uri"]) if isinstance(inner, dict) and "uri" in inner else None

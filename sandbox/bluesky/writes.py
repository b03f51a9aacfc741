"""com.atproto.repo: one's own repository, read and written. What is written here is there at once, whatever the rest of Bluesky shows."""

from __future__ import annotations

import re
from typing import Any

from sandbox.bluesky.asking import POST, Asked, Problem, find_account, invalid
from sandbox.bluesky.checking import check_post
from sandbox.bluesky.options import BlueskyOptions
from sandbox.bluesky.repos import Repos, Written, answered, cid_of, quoted
from sandbox.things import WorldAccount, WorldPost, post_uri, tid

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
KEY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:~-]{1,512}")

Answer = tuple[dict[str, Any], str]


class Writes:
    """The endpoints of a repository. Each gives the body and a note for the log; it raises Problem, and then nothing was written."""

    def __init__(self, repos: Repos, options: BlueskyOptions) -> None:
        self.repos, self.world, self.options = repos, repos.world, options

    def put(self, asked: Asked) -> Answer:
        """com.atproto.repo.putRecord: writes over what is there, unless told what has to be there (swapRecord; null: nothing)."""
        me, rkey, written = self._mine(asked), asked.text("rkey"), self._record(asked)
        _check_key(rkey)
        uri, cid = post_uri(me.id, rkey), cid_of(written)
        with self.world.together():
            there = self._there(uri)
            if there is not None and self._cid(there) == cid:
                return {"uri": uri, "cid": cid, "validationStatus": "valid"}, f"already there {uri}"
            self._check_swap(asked, there)
            self._write(me, uri, written)
        note = "created" if there is None else "written over"
        return {**_taken(uri, cid), "validationStatus": "valid"}, f"{note} {uri}"

    def create(self, asked: Asked) -> Answer:
        """com.atproto.repo.createRecord: under a key of the server's, or one's own, which must be free."""
        me, written = self._mine(asked), self._record(asked)
        rkey = asked.text("rkey", tid(self.world.clock(), len(self.world.posts("bluesky"))))
        _check_key(rkey)
        uri, cid = post_uri(me.id, rkey), cid_of(written)
        with self.world.together():
            if self._there(uri) is not None:
                raise Problem(500, "InternalServerError", "Internal Server Error", "key taken")
            self._write(me, uri, written)
        return {**_taken(uri, cid), "validationStatus": "valid"}, f"created {uri}"

    def delete(self, asked: Asked) -> Answer:
        """com.atproto.repo.deleteRecord: harmless when there is nothing."""
        me, rkey = self._mine(asked), asked.text("rkey")
        self._check_collection(asked)
        uri = post_uri(me.id, rkey)
        if self._there(uri) is None:
            return {}, f"nothing to delete {uri}"
        self.world.delete("bluesky", uri)
        return {"commit": _commit(uri)}, f"deleted {uri}"

    def get(self, asked: Asked) -> Answer:
        """com.atproto.repo.getRecord; anybody may look."""
        owner, rkey = self._owner(asked), asked.text("rkey")
        uri = f"at://{owner.id}/{asked.text('collection')}/{rkey}"
        there = self._there(uri)
        if there is None or uri in self.options.taken_down:
            raise Problem(400, "RecordNotFound", f"Could not locate record: {uri}")
        return {"uri": uri, "cid": self._cid(there), "value": self.repos.written(there)}, "1 found"

    def list_all(self, asked: Asked) -> Answer:
        """com.atproto.repo.listRecords: by key, the highest first."""
        owner, limit = self._owner(asked), asked.number("limit", 1, 100, 50)
        below = asked.text("cursor", "")
        uris = [post.id for post in self.world.posts("bluesky", author_id=owner.id) if post.deleted_at is None]
        if asked.text("collection") != POST:
            uris = []
        ordered = sorted(uris, key=_rkey, reverse=str(asked.values.get("reverse")) != "true")
        chosen = [uri for uri in ordered if not below or _rkey(uri) < below][:limit]
        listed = [self._listed(uri) for uri in chosen]
        cursor = {"cursor": _rkey(chosen[-1])} if chosen else {}
        return {"records": listed, **cursor}, f"{len(listed)} found"

    def _listed(self, uri: str) -> dict[str, Any]:
        post = self._there(uri)
        assert post is not None
        return {"uri": uri, "cid": self._cid(post), "value": self.repos.written(post)}

    def _there(self, uri: str) -> WorldPost | None:
        post = self.world.post("bluesky", uri)
        return post if post is not None and post.deleted_at is None else None

    def _cid(self, post: WorldPost) -> str:
        return cid_of(self.repos.written(post))

    def _write(self, me: WorldAccount, uri: str, written: Written) -> None:
        known, text = self.world.post("bluesky", uri), str(written["text"])
        self.repos.keep(uri, written)
        if known is None:
            parent, other = answered(written), quoted(written)
            self.world.publish(
                "bluesky",
                me.id,
                text,
                id=uri,
                parent_id=parent if parent and self.world.post("bluesky", parent) else None,
                quoted_id=other if other and self.world.post("bluesky", other) else None,
                lang=next(iter(written.get("langs") or ()), None),
            )
        elif known.deleted_at is not None:
            self.world.bring_back("bluesky", uri, text)
        else:
            self.world.edit("bluesky", uri, text)

    def _check_swap(self, asked: Asked, there: WorldPost | None) -> None:
        if "swapRecord" not in asked.values:
            return
        wanted = asked.values["swapRecord"]
        if wanted is None and self.options.ignores_swap:
            return
        present = self._cid(there) if there is not None else None
        if wanted != present:
            raise Problem(400, "InvalidSwap", f"Record was at {present or 'null'}")

    def _owner(self, asked: Asked) -> WorldAccount:
        owner = find_account(self.world, asked.text("repo"))
        if owner is None:
            raise invalid(f"Could not find repo: {asked.text('repo')}")
        return owner

    def _mine(self, asked: Asked) -> WorldAccount:
        me, owner = asked.need_me(), self._owner(asked)
        if me.id != owner.id:
            raise Problem(401, "AuthenticationRequired", "Authentication Required", "not theirs")
        return me

    def _check_collection(self, asked: Asked) -> None:
        if asked.text("collection") != POST:
            raise invalid(f"The town's Bluesky keeps posts only, and no {asked.text('collection')}")

    def _record(self, asked: Asked) -> Written:
        """The record of a post, checked as the lexicon says."""
        self._check_collection(asked)
        written = asked.values.get("record")
        if not isinstance(written, dict):
            raise invalid(f'Invalid {asked.nsid} input: Missing required key "record"')
        written = {"$type": POST, **written}
        if written["$type"] != POST:
            raise invalid(f"Invalid $type: expected {POST}, got {written['$type']}")
        check_post(written)
        return written


def _check_key(rkey: str) -> None:
    if KEY.fullmatch(rkey) is None:
        raise invalid(f'Invalid record key (got "{rkey}") at $.rkey')
    if TID.fullmatch(rkey) is None:
        raise invalid(f'Invalid record key for {POST}: Invalid TID string (got "{rkey}") at $')


def _rkey(uri: str) -> str:
    return uri.rpartition("/")[2]


def _commit(uri: str) -> dict[str, str]:
    return {"cid": cid_of({"commit": uri}), "rev": _rkey(uri)}


def _taken(uri: str, cid: str) -> dict[str, Any]:
    return {"uri": uri, "cid": cid, "commit": _commit(uri)}

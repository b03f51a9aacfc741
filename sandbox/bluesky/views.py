"""Posts and accounts as Bluesky shows them to somebody who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.options import BlueskyOptions
from sandbox.bluesky.repos import SURROGATE, Repos, Written, answered, cid_of, stamp
from sandbox.keys import bluesky_handle
from sandbox.things import WorldAccount, WorldPost
from sandbox.world import World

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A post in the version that the index knows. `sort_at`: by what time it stands in lists, the earlier of written and indexed."""

    post: WorldPost
    written: Written
    sort_at: datetime


class Views:
    """Shows what the index knows."""

    def __init__(self, repos: Repos, options: BlueskyOptions) -> None:
        self.repos, self.options = repos, options
        self.world: World = repos.world
        self._made: dict[str, datetime] = {}

    def _then(self, index: str, lag: timedelta) -> datetime:
        """Up to when an index knows the repositories. It may fall behind; it never forgets what it knew."""
        then = self.world.clock() - lag
        self._made[index] = max(then, self._made.get(index, then))
        return self._made[index]

    def all_seen(self, lag: timedelta | None = None) -> list[Seen]:
        """Every post that the index knows by now; with a `lag`, every one that search knows."""
        then = self._then("all", self.options.index_lag) if lag is None else self._then("search", lag)
        found = (self._seen(post, then) for post in self.world.posts("bluesky", now=then))
        return [seen for seen in found if seen is not None]

    def seen(self, uri: str) -> Seen | None:
        """One post, if the index knows it."""
        then, post = self._then("all", self.options.index_lag), self.world.post("bluesky", uri)
        return self._seen(post, then) if post is not None and post.is_visible(then) else None

    def _seen(self, post: WorldPost, then: datetime) -> Seen | None:
        known = [version for version in post.versions if version.at <= then]
        if not known or {post.id, post.author_id} & self.options.taken_down:
            return None
        written = self.repos.written(post, known[-1])
        return Seen(post, written, _sort_time(written, post))

    def author(self, account: WorldAccount, viewer: str) -> View:
        """An account."""
        shown: View = {
            "did": account.id,
            "handle": bluesky_handle(account.handle),
            "displayName": SURROGATE.sub("\ufffd", account.name),
            "associated": {"activitySubscription": {"allowSubscriptions": "followers"}},
            "labels": [],
            "createdAt": stamp(account.created_at),
        }
        if viewer:
            shown["viewer"] = {"muted": False, "blockedBy": (account.id, viewer) in self.options.blocks}
            if (viewer, account.id) in self.options.blocks:
                shown["viewer"]["blocking"] = f"at://{viewer}/app.bsky.graph.block/self"
        return shown

    def told(self, seen: Seen, viewer: str) -> View:
        """What a notification and a post have in common."""
        account = self.world.account("bluesky", id=seen.post.author_id)
        assert account is not None
        return {
            "uri": seen.post.id,
            "cid": cid_of(seen.written),
            "author": self.author(account, viewer),
            "record": seen.written,
            "indexedAt": stamp(seen.sort_at),
            "labels": [],
        }

    def post(self, seen: Seen, viewer: str) -> View:
        """A post."""
        shown = {**self.told(seen, viewer), "replyCount": 0, "repostCount": 0, "likeCount": 0, "quoteCount": 0}
        if viewer:
            state: View = {"bookmarked": False, "threadMuted": False, "embeddingDisabled": False}
            root = answered(seen.written, "root") or seen.post.id
            if root in self.options.gated:
                state["replyDisabled"] = not root.startswith(f"at://{viewer}/")
            shown["viewer"] = state
        return shown

    # --- conversations --------------------------------------------------------------------------

    def tree(self, seen: Seen, viewer: str, depth: int, height: int) -> View:
        """A post with what stands above and below it."""
        node = self._node(seen, viewer)
        if "post" not in node:
            return node
        if height:
            above = answered(seen.written)
            if above is not None:
                node["parent"] = self._above(above, viewer, height)
        return node | self._below(seen, viewer, depth)

    def _node(self, seen: Seen, viewer: str) -> View:
        author = seen.post.author_id
        if viewer and self.options.are_apart(author, viewer):
            between = {"blockedBy": (author, viewer) in self.options.blocks}
            hidden = {"uri": seen.post.id, "blocked": True, "author": {"did": author, "viewer": between}}
            return {**hidden, "$type": "app.bsky.feed.defs#blockedPost"}
        return {"$type": "app.bsky.feed.defs#threadViewPost", "post": self.post(seen, viewer), "threadContext": {}}

    def _above(self, uri: str, viewer: str, height: int) -> View:
        seen = self.seen(uri)
        if seen is None:
            return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}
        node, above = self._node(seen, viewer), answered(seen.written)
        if above is not None and height > 1 and "post" in node:
            node["parent"] = self._above(above, viewer, height - 1)
        return node

    def _below(self, seen: Seen, viewer: str, depth: int) -> View:
        if depth <= 0:
            return {}
        conversation = self.world.conversation("bluesky", seen.post.conversation_id)
        answers: dict[str, list[Seen]] = {}
        for post in conversation:
            known = self.seen(post.id)
            if known is not None and not self._is_shut_out(known):
                answers.setdefault(str(answered(known.written)), []).append(known)

        def below(uri: str, left: int) -> list[View]:
            if not left:
                return []
            nodes = [(answer, self._node(answer, viewer)) for answer in answers.get(uri, [])]
            return [
                {**node, "replies": below(answer.post.id, left - 1)} if "post" in node else node
                for answer, node in nodes
            ]

        return {"replies": below(seen.post.id, depth)}

    def _is_shut_out(self, seen: Seen) -> bool:
        """Answers in a conversation that takes none are written, and shown to nobody."""
        root = answered(seen.written, "root")
        return root in self.options.gated and not str(root).startswith(f"at://{seen.post.author_id}/")


def _sort_time(written: Written, post: WorldPost) -> datetime:
    indexed = max(post.created_at, post.visible_at)
    try:
        said = datetime.fromisoformat(str(written["createdAt"]))
    except ValueError:
        return indexed
    return min(said, indexed) if said.tzinfo is not None else indexed

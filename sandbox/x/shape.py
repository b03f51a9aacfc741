"""Posts and accounts as JSON objects: only the fields that were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.things import Version, WorldAccount, WorldPost
from sandbox.world import World
from sandbox.x.params import Params
from sandbox.x.text import Shown, show

DEFAULTS = frozenset({"id", "text", "edit_history_tweet_ids"})
USER_DEFAULTS = frozenset({"id", "name", "username"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of a post, as search and lookups meet it."""

    post: WorldPost
    version: Version
    shown: Shown

    @property
    def number(self) -> int:
        """The id, as a number to sort by; X knows no others."""
        return int(self.version.id)


def see(world: World, post: WorldPost, native_id: str | None = None) -> Seen:
    """The newest version of a post, or the one with this id."""
    version = next((version for version in post.versions if version.id == native_id), post.versions[-1])
    return world.made_once(("x, seen", post.id, version.id), lambda: Seen(post, version, show(world, post, version)))


def stamp(instant: datetime) -> str:
    """An instant as X writes it, to the millisecond."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def tweet_object(world: World, seen: Seen, params: Params) -> dict[str, Any]:
    """A post with its default fields and those that were asked for; what does not apply to it is absent."""
    post, wanted = seen.post, DEFAULTS | set(params.members("tweet.fields"))
    if "author_id" in params.members("expansions"):
        wanted |= {"author_id"}
    every: dict[str, Any] = {
        "id": seen.version.id,
        "text": seen.shown.text,
        "edit_history_tweet_ids": list(post.history),
        "author_id": post.author_id,
        "conversation_id": post.conversation_id,
        "created_at": stamp(seen.version.at),
        "entities": seen.shown.entities(world) or None,
        "in_reply_to_user_id": _answered(world, post),
        "lang": post.lang or "und",
        "note_tweet": _note(world, seen.shown),
        "possibly_sensitive": False,
        "public_metrics": dict.fromkeys(("retweet_count", "reply_count", "like_count", "quote_count"), 0),
        "referenced_tweets": _references(post) or None,
        "reply_settings": "everyone",
    }
    return {name: value for name, value in every.items() if name in wanted and value is not None}


def _answered(world: World, post: WorldPost) -> str | None:
    parent = world.post("x", post.parent_id) if post.parent_id is not None else None
    return parent.author_id if parent is not None else None


def _note(world: World, shown: Shown) -> dict[str, Any] | None:
    if shown.long is None:
        return None
    entities = shown.entities(world, whole=True)
    return {"text": shown.long, **({"entities": entities} if entities else {})}


def _references(post: WorldPost) -> list[dict[str, str]]:
    kinds = (("replied_to", post.parent_id), ("quoted", post.quoted_id), ("retweeted", post.reposted_id))
    return [{"type": kind, "id": native} for kind, native in kinds if native is not None]


def user_object(account: WorldAccount, params: Params) -> dict[str, Any]:
    """An account with its default fields and those that were asked for."""
    every: dict[str, Any] = {
        "id": account.id,
        "name": account.name,
        "username": account.handle,
        "created_at": stamp(account.created_at),
        "protected": False,
        "verified": False,
        "receives_your_dm": False,
        "public_metrics": {
            "followers_count": account.followers,
            "following_count": 0,
            "tweet_count": 0,
            "listed_count": 0,
        },
    }
    wanted = USER_DEFAULTS | set(params.members("user.fields"))
    return {name: value for name, value in every.items() if name in wanted}


def includes(world: World, found: Iterable[Seen], params: Params) -> dict[str, list[dict[str, Any]]]:
    """What `expansions` asks for: people, and the posts that are referred to."""
    wanted, found = set(params.members("expansions")), list(found)
    people: dict[str, WorldAccount] = {}
    others: dict[str, Seen] = {}
    for seen in found:
        ids: set[str | None] = {seen.post.author_id} if "author_id" in wanted else set()
        if "in_reply_to_user_id" in wanted:
            ids.add(_answered(world, seen.post))
        if "entities.mentions.username" in wanted:
            ids |= seen.shown.mentioned_ids(world)
        if wanted & {"referenced_tweets.id", "referenced_tweets.id.author_id"}:
            for reference in _references(seen.post):
                other = world.post("x", reference["id"])
                if other is not None and other.deleted_at is None:
                    others[other.id] = see(world, other, reference["id"])
                    if "referenced_tweets.id.author_id" in wanted:
                        ids.add(other.author_id)
        for native in sorted(filter(None, ids)):
            account = world.account("x", id=native)
            if account is not None:
                people[native] = account
    shapes: dict[str, list[dict[str, Any]]] = {}
    if people:
        shapes["users"] = [user_object(account, params) for account in people.values()]
    if others:
        shapes["tweets"] = [tweet_object(world, seen, params) for seen in others.values()]
    return shapes

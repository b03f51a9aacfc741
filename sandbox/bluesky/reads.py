"""app.bsky: what people see of all repositories. It is made from them a while later (index_lag), search later still (search_lag)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.bluesky.asking import HANDLE, Asked, Problem, find_account, invalid
from sandbox.bluesky.options import BlueskyOptions
from sandbox.bluesky.repos import Repos, answered, mentioned, quoted, stamp
from sandbox.bluesky.views import Seen, Views

LOOKED_UP_AT_ONCE = 25
TOLD_ABOVE = 5
"""How many of those above it in its conversation are told of an answer."""

Answer = tuple[dict[str, Any], str]


class Reads:
    """The endpoints of what people see. Each gives the body and a note for the log; it raises Problem."""

    def __init__(self, repos: Repos, options: BlueskyOptions) -> None:
        self.world, self.options = repos.world, options
        self.views = Views(repos, options)

    # --- lists ----------------------------------------------------------------------------------

    def notifications(self, asked: Asked) -> Answer:
        """app.bsky.notification.listNotifications: newest first. Reasons are sifted after a page is cut, as on the real one."""
        me, limit = asked.need_me(), asked.number("limit", 1, 100, 50)
        reasons, cursor = asked.several("reasons"), asked.text("cursor", "")
        below = _instant(cursor) if cursor else None
        found = [(seen, why, of) for seen in self.views.all_seen() for why, of in self._concerns(seen, me.id)]
        found.sort(key=lambda one: (one[0].sort_at, one[0].post.id), reverse=True)
        # The token of a page is a time: of posts of one millisecond, those behind the cut are passed over, as on the real one.
        page = [one for one in found if below is None or one[0].sort_at < below][:limit]
        listed = [
            {**self.views.told(seen, me.id), "reason": why, **({"reasonSubject": of} if of else {}), "isRead": False}
            for seen, why, of in page
            if not reasons or why in reasons
        ]
        more = {"cursor": stamp(page[-1][0].sort_at)} if len(page) == limit else {}
        seen_at = stamp(self.world.clock())
        return {"notifications": listed, "priority": False, "seenAt": seen_at, **more}, f"{len(listed)} found"

    def _concerns(self, seen: Seen, me: str) -> list[tuple[str, str]]:
        """Why a post is news to an account, and which of its posts it is about."""
        if seen.post.author_id == me or self.options.are_apart(seen.post.author_id, me):
            return []
        found = [("mention", "")] if me in mentioned(seen.written) else []
        above, steps = answered(seen.written), 0
        while above is not None and steps < TOLD_ABOVE:
            post = self.world.post("bluesky", above)
            if post is None:
                break
            if post.author_id == me:
                found.append(("reply", above))
                break
            above, steps = post.parent_id, steps + 1
        other = quoted(seen.written)
        if other is not None and other.startswith(f"at://{me}/"):
            found.append(("quote", other))
        return found

    def search(self, asked: Asked) -> Answer:
        """app.bsky.feed.searchPosts: all words, phrases in quotes. Nobody turns the page without logging in (since September 2026)."""
        limit, cursor = asked.number("limit", 1, 100, 25), asked.number("cursor", 0, 10_000, 0)
        if cursor:
            asked.need_me()
        since = _instant(asked.text("since")) if "since" in asked.values else None
        wanted = _words(asked.text("q"))
        lag = max(self.options.search_lag, self.options.index_lag)
        found = [
            seen
            for seen in self.views.all_seen(lag)
            if wanted(str(seen.written["text"])) and (since is None or seen.sort_at >= since)
        ]
        found.sort(key=lambda one: (one.sort_at, one.post.id), reverse=True)
        return self._posts(found[cursor : cursor + limit], asked, cursor + limit if len(found) > cursor + limit else 0)

    def author_feed(self, asked: Asked) -> Answer:
        """app.bsky.feed.getAuthorFeed: what an account wrote, newest first."""
        account = find_account(self.world, asked.text("actor"))
        if account is None:
            raise invalid("Profile not found")
        limit = asked.number("limit", 1, 100, 50)
        below = _instant(asked.text("cursor")) if "cursor" in asked.values else None
        found = [seen for seen in self.views.all_seen() if seen.post.author_id == account.id]
        found.sort(key=lambda one: (one.sort_at, one.post.id), reverse=True)
        page = [one for one in found if below is None or one.sort_at < below][:limit]
        viewer = asked.me.id if asked.me else ""
        more = {"cursor": stamp(page[-1].sort_at)} if len(page) == limit else {}
        return {"feed": [{"post": self.views.post(seen, viewer)} for seen in page], **more}, f"{len(page)} found"

    def _posts(self, found: list[Seen], asked: Asked, following: int) -> Answer:
        viewer = asked.me.id if asked.me else ""
        shown = [seen for seen in found if not self.options.are_apart(seen.post.author_id, viewer)]
        more = {"cursor": str(following)} if following else {}
        return {"posts": [self.views.post(seen, viewer) for seen in shown], **more}, f"{len(shown)} found"

    # --- single things --------------------------------------------------------------------------

    def posts(self, asked: Asked) -> Answer:
        """app.bsky.feed.getPosts: up to 25; what is not there, or not for whoever asks, is left out without a word."""
        uris = asked.several("uris")
        if len(uris) > LOOKED_UP_AT_ONCE:
            raise invalid(f"Invalid {asked.nsid} params: array too big (maximum {LOOKED_UP_AT_ONCE}, got {len(uris)})")
        found = [self.views.seen(asked.uri(uri)) for uri in uris]
        return self._posts([seen for seen in found if seen is not None], asked, 0)

    def thread(self, asked: Asked) -> Answer:
        """app.bsky.feed.getPostThread: the posts above, and the answers below, as deep as asked for."""
        uri, viewer = asked.uri(asked.text("uri")), asked.me.id if asked.me else ""
        depth, height = asked.number("depth", 0, 1000, 6), asked.number("parentHeight", 0, 1000, 80)
        seen = self.views.seen(uri)
        if seen is None:
            raise Problem(400, "NotFound", f"Post not found: {uri}")
        return {"thread": self.views.tree(seen, viewer, depth, height)}, "1 found"

    def profile(self, asked: Asked) -> Answer:
        """app.bsky.actor.getProfile."""
        account = find_account(self.world, asked.text("actor"))
        if account is None:
            raise invalid("Profile not found")
        viewer = asked.me.id if asked.me else ""
        wrote = sum(1 for seen in self.views.all_seen() if seen.post.author_id == account.id)
        counts = {"followersCount": account.followers, "followsCount": 0, "postsCount": wrote}
        return {**self.views.author(account, viewer), **counts}, "1 found"

    def resolve(self, asked: Asked) -> Answer:
        """com.atproto.identity.resolveHandle."""
        handle = asked.text("handle")
        if HANDLE.fullmatch(handle) is None:
            raise invalid(f'Invalid {asked.nsid} params: Invalid handle (got "{handle}")')
        account = find_account(self.world, handle)
        if account is None:
            raise Problem(400, "HandleNotFound", "Unable to resolve handle")
        return {"did": account.id}, "1 found"


def _instant(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(502, "InternalServerError", "Internal Server Error", "a token nobody gave out") from None
    return told.astimezone(UTC) + timedelta(0) if told.tzinfo else told.replace(tzinfo=UTC)


def _words(query: str) -> Callable[[str], bool]:
    """Whether a text holds every word and every phrase of a query."""
    phrases = [phrase.split() for phrase in re.findall(r'"([^"]*)"', query.lower())]
    phrases += [[word] for word in re.sub(r'"[^"]*"', " ", query.lower()).split()]
    patterns = [
        re.compile(r"(?<!\w)" + r"\s+".join(re.escape(word) for word in phrase) + r"(?!\w)")
        for phrase in phrases
        if phrase
    ]
    return lambda text: bool(patterns) and all(pattern.search(text.lower()) for pattern in patterns)

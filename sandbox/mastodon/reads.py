"""What Mastodon lets one read: notifications, timelines, statuses and their threads, search, accounts, the instance itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from starlette.requests import Request

from sandbox.mastodon.marks import PUBLIC, visibility
from sandbox.mastodon.markup import HASHTAG
from sandbox.mastodon.options import MastodonOptions
from sandbox.mastodon.problems import invalid, not_found
from sandbox.mastodon.shape import Shapes
from sandbox.world import World, WorldAccount, WorldPost

Each = TypeVar("Each")

PAGE, PAGE_CAP = 20, 40
NOTICES, NOTICES_CAP = 40, 80
AT_ONCE = 20
"""Statuses looked up at once; more are refused."""
CONTEXT_CAP = 4_096
SAME_MOMENT = 8
"""Bits of a notification's number that tell apart those of one millisecond; the real ones count up."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list: the body, and the ids at its ends for the Link header."""

    body: list[dict[str, Any]]
    first: str = ""
    last: str = ""


class Reads:
    """The reading endpoints. Each takes a request and who asks, and gives the body to answer with; it raises Problem."""

    def __init__(self, world: World, options: MastodonOptions) -> None:
        self.world, self.options = world, options

    def shapes(self, reader: WorldAccount | None) -> Shapes:
        """Writes for this reader."""
        return Shapes(self.world, self.options, reader)

    # --- lists ----------------------------------------------------------------------------------

    def notifications(self, request: Request, me: WorldAccount) -> Page:
        """GET /api/v1/notifications: who named us, and who quoted us."""
        params, shapes = request.query_params, self.shapes(me)
        wanted = set(params.getlist("types[]")) or {"mention", "quote"}
        wanted -= set(params.getlist("exclude_types[]"))
        found = []
        for number, post in self._noticed(me):
            kind = self._kind(shapes, post, me)
            if kind in wanted and shapes.may_see(post):
                found.append((number, post, kind))
        chosen = _cut(request, found, lambda each: each[0], NOTICES, NOTICES_CAP)
        body = [shapes.notification(number, kind, post) for number, post, kind in chosen]
        return _page(body)

    def _noticed(self, me: WorldAccount) -> list[tuple[int, WorldPost]]:
        """What others wrote, each with the number its notification would have: by the time at which it arrived."""
        now, numbered, before, same = self.world.clock(), [], -1, 0
        others = [post for post in self.world.posts("mastodon") if post.author_id != me.id]
        for post in sorted(others, key=lambda each: (each.visible_at, int(each.id))):
            moment = int(post.visible_at.timestamp() * 1000)
            same = same + 1 if moment == before else 0
            before = moment
            if post.visible_at + self.options.index_lag <= now:
                numbered.append(((moment << SAME_MOMENT) + same, post))
        return numbered

    def _kind(self, shapes: Shapes, post: WorldPost, me: WorldAccount) -> str:
        if post.reposted_id is not None:
            return "reblog"
        if any(account.id == me.id for account in shapes.names.mentioned(post)):
            return "mention"
        quoted = self.world.post("mastodon", post.quoted_id) if post.quoted_id is not None else None
        return "quote" if quoted is not None and quoted.author_id == me.id else ""

    def account_statuses(self, request: Request, me: WorldAccount) -> Page:
        """GET /api/v1/accounts/:id/statuses: what an account wrote."""
        owner = str(request.path_params["id"])
        if self.world.account("mastodon", id=owner) is None:
            raise not_found()
        without_boosts = request.query_params.get("exclude_reblogs") in {"1", "true"}
        posts = [
            post
            for post in self.world.posts("mastodon", author_id=owner)
            if not (without_boosts and post.reposted_id is not None)
        ]
        return self._statuses(request, me, posts, timedelta(0))

    def home(self, request: Request, me: WorldAccount) -> Page:
        """GET /api/v1/timelines/home. Nobody follows anybody here, so it is what we wrote ourselves."""
        return self._statuses(request, me, self.world.posts("mastodon", author_id=me.id), self.options.index_lag)

    def hashtag(self, request: Request, me: WorldAccount) -> Page:
        """GET /api/v1/timelines/tag/:tag: public statuses with it."""
        tag = str(request.path_params["tag"]).lower()
        posts = [
            post
            for post in self.world.posts("mastodon")
            if visibility(post) == PUBLIC and tag in {one.lower() for one in HASHTAG.findall(post.text)}
        ]
        return self._statuses(request, me, posts, self.options.index_lag)

    def search(self, request: Request, me: WorldAccount) -> dict[str, Any]:
        """GET /api/v2/search: public statuses with all the words, and "phrases", of the query."""
        if not self.options.has_search:
            raise not_found("Not Found")
        params = request.query_params
        page = Page([])
        if self.options.searches and params.get("type", "statuses") == "statuses":
            wanted = [phrase or word for phrase, word in re.findall(r'"([^"]*)"|(\S+)', params.get("q", ""))]
            tests = [re.compile(rf"(?<!\w){re.escape(each)}(?!\w)", re.IGNORECASE) for each in wanted if each]
            posts = [
                post
                for post in self.world.posts("mastodon")
                if visibility(post) == PUBLIC and tests and all(test.search(post.text) for test in tests)
            ]
            page = self._statuses(request, me, posts, self.options.search_lag)
        return {"accounts": [], "statuses": page.body, "hashtags": [], "collections": []}

    def _statuses(self, request: Request, me: WorldAccount, posts: Sequence[WorldPost], lag: timedelta) -> Page:
        shapes, now = self.shapes(me), self.world.clock()
        seen = [post for post in posts if shapes.may_see(post) and post.visible_at + lag <= now]
        chosen = _cut(request, seen, lambda post: int(post.id), PAGE, PAGE_CAP)
        return _page([shapes.status(post) for post in chosen])

    # --- single things --------------------------------------------------------------------------

    def statuses(self, request: Request, me: WorldAccount) -> Page:
        """GET /api/v1/statuses?id[]=: several at once; what is not there is left out."""
        if not self.options.by_ids:
            raise not_found("Not Found")
        ids, shapes = request.query_params.getlist("id[]"), self.shapes(me)
        if len(ids) > AT_ONCE:
            raise invalid("Too many statuses", "too many")
        found = (self.world.post("mastodon", native) for native in dict.fromkeys(ids))
        seen = [post for post in found if post is not None and shapes.may_see(post)]
        return Page([shapes.status(post) for post in seen])

    def status(self, request: Request, me: WorldAccount) -> dict[str, Any]:
        """GET /api/v1/statuses/:id."""
        return self.shapes(me).status(self._seen(request, me))

    def context(self, request: Request, me: WorldAccount) -> dict[str, Any]:
        """GET /api/v1/statuses/:id/context: what is above, oldest first, and what is below, branch by branch."""
        post, shapes = self._seen(request, me), self.shapes(me)
        above: list[WorldPost] = []
        answered = self._visible(shapes, post.parent_id)
        while answered is not None and len(above) < CONTEXT_CAP:
            above.insert(0, answered)
            answered = self._visible(shapes, answered.parent_id)
        below: list[WorldPost] = []
        thread = self.world.conversation("mastodon", post.conversation_id)
        waiting = _answers(thread, post.id)
        while waiting and len(below) < CONTEXT_CAP:
            one = waiting.pop(0)
            if shapes.may_see(one):
                below.append(one)
                waiting = _answers(thread, one.id) + waiting
        return {
            "ancestors": [shapes.status(one) for one in above],
            "descendants": [shapes.status(one) for one in below],
        }

    def _visible(self, shapes: Shapes, native: str | None) -> WorldPost | None:
        post = self.world.post("mastodon", native) if native is not None else None
        return post if post is not None and shapes.may_see(post) else None

    def _seen(self, request: Request, me: WorldAccount) -> WorldPost:
        post = self._visible(self.shapes(me), str(request.path_params["id"]))
        if post is None:
            raise not_found()
        return post

    def verify_credentials(self, _request: Request, me: WorldAccount) -> dict[str, Any]:
        """GET /api/v1/accounts/verify_credentials."""
        source = {"privacy": PUBLIC, "sensitive": False, "language": None, "note": "", "fields": []}
        return {**self.shapes(me).account(me), "source": source}

    def account(self, request: Request, me: WorldAccount) -> dict[str, Any]:
        """GET /api/v1/accounts/:id."""
        account = self.world.account("mastodon", id=str(request.path_params["id"]))
        if account is None:
            raise not_found()
        return self.shapes(me).account(account)

    def lookup(self, request: Request, me: WorldAccount) -> dict[str, Any]:
        """GET /api/v1/accounts/lookup?acct=."""
        name, _, host = request.query_params.get("acct", "").removeprefix("@").partition("@")
        account = self.shapes(me).names.find(name, host or None)
        if account is None:
            raise not_found()
        return self.shapes(me).account(account)


def _answers(thread: Sequence[WorldPost], native: str) -> list[WorldPost]:
    return [post for post in thread if post.parent_id == native]


def _cut(request: Request, found: Sequence[Each], number: Callable[[Each], int], usual: int, cap: int) -> list[Each]:
    """The part of a list that is asked for, newest first: below max_id, above since_id, or next above min_id."""
    params = request.query_params
    limit = max(1, min(cap, _number(params.get("limit")) or usual))
    newest, after, next_above = (_number(params.get(name)) for name in ("max_id", "since_id", "min_id"))
    chosen = sorted(found, key=number, reverse=True)
    if newest is not None:
        chosen = [each for each in chosen if number(each) < newest]
    if after is not None:
        chosen = [each for each in chosen if number(each) > after]
    if next_above is not None:
        chosen = [each for each in chosen if number(each) > next_above]
        return chosen[-limit:]
    return chosen[:limit]


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else None


def _page(body: list[dict[str, Any]]) -> Page:
    return Page(body, body[0]["id"], body[-1]["id"]) if body else Page(body)

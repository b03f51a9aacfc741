"""What X lets one read: recent search, mentions, an account's own posts, posts by id, accounts, oneself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request

from sandbox.things import base36, snowflake, snowflake_time
from sandbox.world import World
from sandbox.x.door import Asker, need_user
from sandbox.x.options import XOptions
from sandbox.x.params import BETWEEN, SHAPING, Params, check_id
from sandbox.x.problems import invalid, missing, plain
from sandbox.x.query import Subject, compile_query, tokens_of
from sandbox.x.shape import Seen, includes, see, tweet_object, user_object
from sandbox.x.till import Till

WEEK = timedelta(days=7)
MENTIONS_KEPT = 800
TIMELINE_KEPT = 3200
LOOKED_UP_AT_ONCE = 100

Body = dict[str, Any]


class Reads:
    """The reading endpoints. Each takes a request and who asks, and gives the body to answer with; it raises Problem."""

    def __init__(self, world: World, options: XOptions, till: Till) -> None:
        self.world, self.options, self.till = world, options, till

    # --- lists ----------------------------------------------------------------------------------

    def search(self, request: Request, asker: Asker) -> Body:
        """GET /2/tweets/search/recent: seven days, no retweets, newest first."""
        params = Params.of(request, SHAPING | BETWEEN | {"query", "next_token", "sort_order"})
        test = compile_query(params.get("query") or "")
        self._check_week(params)
        week = self._indexed(self.world.clock() - WEEK, self.options.search_lag)
        found = [seen for seen in week if seen.post.reposted_id is None and test(self._subject(seen))]
        return self._page(params, found, 10, "next_token", asker)

    def mentions(self, request: Request, asker: Asker) -> Body:
        """GET /2/users/:id/mentions: the newest 800."""
        params, owner = self._timeline(request)
        found = [seen for seen in self._indexed() if owner in seen.shown.mentioned_ids(self.world)]
        return self._page(params, _newest(found, MENTIONS_KEPT), 5, "pagination_token", asker, owner)

    def users_tweets(self, request: Request, asker: Asker) -> Body:
        """GET /2/users/:id/tweets: what an account wrote."""
        params, owner = self._timeline(request)
        found = [seen for seen in self._indexed() if seen.post.author_id == owner]
        return self._page(params, _newest(found, TIMELINE_KEPT), 5, "pagination_token", asker, owner)

    def _timeline(self, request: Request) -> tuple[Params, str]:
        params = Params.of(request, SHAPING | BETWEEN | {"pagination_token", "exclude"})
        owner = str(request.path_params["id"])
        check_id("id", owner)
        if self.world.account("x", id=owner) is None:
            raise plain(404, "Not Found Error", f"Could not find user with id: [{owner}].", "no such user")
        return params, owner

    def _indexed(self, since: datetime | None = None, lag: timedelta = timedelta(0)) -> list[Seen]:
        """What is in the index by now: the newest version of each post, as it was when the index was last made."""
        then = self.world.clock() - max(lag, self.options.index_lag)
        seen = []
        for post in self.world.posts("x", now=self.world.clock()):
            known = [version for version in post.versions if version.at <= then]
            if known and post.visible_at <= then and (since is None or known[-1].at >= since):
                seen.append(see(self.world, post, known[-1].id))
        return seen

    def _subject(self, seen: Seen) -> Subject:
        post, shown = seen.post, seen.shown
        author, parent = self.world.account("x", id=post.author_id), None
        if post.parent_id is not None:
            answered = self.world.post("x", post.parent_id)
            parent = self.world.account("x", id=answered.author_id) if answered is not None else None
        kinds = {"reply": post.parent_id, "quote": post.quoted_id, "retweet": post.reposted_id}
        return Subject(
            tokens=tokens_of(shown.long or shown.text),
            author=(author.handle.lower() if author else "", post.author_id),
            mentions=frozenset(shown.mentioned_handles(self.world)),
            to=(parent.handle.lower(), parent.id) if parent is not None else (),
            kinds=frozenset(kind for kind, other in kinds.items() if other is not None),
            lang=post.lang or "und",
            conversation_id=post.conversation_id,
        )

    def _check_week(self, params: Params) -> None:
        edge = self.world.clock() - WEEK
        since = params.native_id("since_id")
        if since is not None and snowflake_time(since) < edge:
            after = edge.strftime("%Y-%m-%dT%H:%MZ")
            message = f"'since_id' must be a tweet id created after {after}. Please use a 'since_id' that is larger than {snowflake(edge)}"
            raise invalid("since_id", str(since), message)
        if (since is not None or params.get("until_id")) and (params.get("start_time") or params.get("end_time")):
            message = "Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'."
            raise invalid("since_id", params.get("since_id"), message)
        for name in ("start_time", "end_time"):
            instant = params.instant(name)
            if instant is not None and instant < edge:
                shortest = edge.strftime("%Y-%m-%dT%H:%MZ")
                raise invalid(
                    name,
                    params.get(name),
                    f"Invalid '{name}':'{params.get(name)}'. '{name}' must be on or after {shortest}.",
                )

    def _page(
        self, params: Params, found: list[Seen], least: int, token: str, asker: Asker, owner: str | None = None
    ) -> Body:
        size = params.number("max_results", least, 100, 10)
        chosen = sorted(filter(_between(params, self.world.clock()), found), key=lambda seen: -seen.number)
        below = self._below(params, token)
        if below is not None:
            chosen = [seen for seen in chosen if seen.number < below]
        page = chosen[:size]
        meta: Body = {"result_count": len(page)}
        if page:
            meta = {"newest_id": page[0].version.id, "oldest_id": page[-1].version.id, "result_count": len(page)}
        if len(chosen) > size:
            meta["next_token"] = _token(params, token, page[-1].number)
        owned = asker.account is not None and asker.account.id == owner
        return {**self._bodies(page, params, owned=owned), "meta": meta}

    def _below(self, params: Params, token: str) -> int | None:
        value = params.get(token)
        if value is None:
            return None
        number, _, _ = value.partition("z")
        if not number.isalnum() or value != _token(params, token, int(number, 35)):
            raise invalid(token, value, f"The `{token}` query parameter value [{value}] is not valid")
        return int(number, 35)

    def _bodies(self, page: list[Seen], params: Params, *, owned: bool) -> Body:
        body: Body = {"data": [tweet_object(self.world, seen, params) for seen in page]} if page else {}
        more = includes(self.world, page, params)
        if more:
            body["includes"] = more
        people = [user["id"] for user in more.get("users", [])]
        self.till.charge_reads((seen.version.id for seen in page), people, owned=owned)
        self.till.charge_reads((tweet["id"] for tweet in more.get("tweets", [])), (), owned=False)
        return body

    # --- single things --------------------------------------------------------------------------

    def tweets(self, request: Request, _asker: Asker) -> Body:
        """GET /2/tweets?ids=: up to a hundred; what is not there stands in `errors`."""
        params = Params.of(request, SHAPING | {"ids"})
        ids = params.members("ids")
        if not 1 <= len(ids) <= LOOKED_UP_AT_ONCE:
            message = f"The number of values in the `ids` query parameter list [{len(ids)}] is not between 1 and {LOOKED_UP_AT_ONCE}"
            raise invalid("ids", params.get("ids"), message)
        for native in ids:
            check_id("ids", native)
        return self._looked_up(ids, "ids", params)

    def tweet(self, request: Request, _asker: Asker) -> Body:
        """GET /2/tweets/:id."""
        params, native = Params.of(request, SHAPING), str(request.path_params["id"])
        check_id("id", native)
        body = self._looked_up((native,), "id", params)
        if "data" in body:
            body["data"] = body["data"][0]
        return body

    def _looked_up(self, ids: Iterable[str], parameter: str, params: Params) -> Body:
        found, errors = [], []
        for native in ids:
            post = self.world.post("x", native)
            if post is None or post.deleted_at is not None:
                errors.append(missing(native, parameter))
            else:
                found.append(see(self.world, post, native))
        body = self._bodies(found, params, owned=False)
        return {**body, "errors": errors} if errors else body

    def me(self, request: Request, asker: Asker) -> Body:
        """GET /2/users/me."""
        params = Params.of(request, frozenset({"user.fields", "tweet.fields", "expansions"}))
        account = need_user(asker)
        self.till.charge_reads((), (account.id,), owned=False)
        return {"data": user_object(account, params)}

    def users_by(self, request: Request, _asker: Asker) -> Body:
        """GET /2/users/by?usernames=."""
        params = Params.of(request, frozenset({"usernames", "user.fields", "tweet.fields", "expansions"}))
        names = params.members("usernames")
        if not 1 <= len(names) <= LOOKED_UP_AT_ONCE:
            raise invalid("usernames", params.get("usernames"), "The `usernames` query parameter can not be empty")
        found, errors = [], []
        for name in names:
            account = self.world.account("x", handle=name)
            if account is not None:
                found.append(account)
                continue
            detail = f"Could not find user with usernames: [{name}]."
            error = {"resource_type": "user", "parameter": "usernames", "resource_id": name}
            errors.append({**missing(name, "usernames"), **error, "detail": detail})
        self.till.charge_reads((), (account.id for account in found), owned=False)
        body: Body = {"data": [user_object(account, params) for account in found]} if found else {}
        return {**body, "errors": errors} if errors else body


def _newest(found: list[Seen], kept: int) -> list[Seen]:
    return sorted(found, key=lambda seen: seen.number)[-kept:]


def _between(params: Params, now: datetime) -> Callable[[Seen], bool]:
    since, until = params.native_id("since_id"), params.native_id("until_id")
    start, end = params.instant("start_time"), params.instant("end_time") or now

    def within(seen: Seen) -> bool:
        if since is not None and seen.number <= since:
            return False
        if until is not None and seen.number >= until:
            return False
        return (start is None or seen.version.at >= start) and seen.version.at <= end

    return within


def _token(params: Params, token: str, below: int) -> str:
    """A page token: good for the same question only. Made of base 35, so that `z` can part its halves."""
    asked = sorted((name, value) for name, value in params.values.items() if name not in {token, "max_results"})
    digest = hashlib.blake2s(repr((below, asked)).encode(), digest_size=12).digest()
    return f"{_base35(below)}z{base36(int.from_bytes(digest))}"


def _base35(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 35)
        digits = "0123456789abcdefghijklmnopqrstuvwxy"[digit] + digits
    return digits or "0"

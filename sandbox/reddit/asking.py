"""One request to the town's Reddit and its answer, in plain values, so that what the site does needs no web framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.faults import FaultPlan
from sandbox.reddit.shapes import Shapes, listing
from sandbox.reddit.tokens import Token
from sandbox.world import World

LISTING_CAP = 1000
"""No listing of Reddit's goes further back than this, however often one turns the page."""

PAGE_CAP = 100
"""A larger `limit` is taken for this."""


@dataclass(slots=True)
class RedditOptions:
    """How the site behaves; may be changed while it runs.

    `token_life` how long a token lives; `bare_401` leaves out the www-authenticate header of a 401, as some of Reddit's proxies do.
    `window` and `allowed` are the rate limit: 1,000 requests in ten minutes per app. `retry_after` adds that header to a 429.
    `index_lag` is how long every listing takes to know a post (new, comments, a user's page, the inbox, search); `search_lag` and
    `profile_lag` how long search and a user's page take, where that is longer. `revoked`: accounts (small letters) whose password,
    refresh token and tokens no longer work. `expires`: account to the instant (of the world's clock) from which they don't.
    `comment_wait` is how long an account waits between two comments (RATELIMIT). `errors_as_400` answers field errors with status
    400, `german` in German, since Reddit speaks the account's language. `shuffled` lists posts a little out of order.
    `feed_allowed` requests for public feeds are answered per `feed_window` (None: any number; the real Reddit: one a minute);
    `feed_etags`: feeds carry an ETag, and are not sent again to whoever shows it.
    """

    token_life: timedelta = timedelta(hours=1)
    bare_401: bool = False
    window: timedelta = timedelta(minutes=10)
    allowed: int = 1000
    retry_after: bool = False
    index_lag: timedelta = timedelta(0)
    search_lag: timedelta = timedelta(0)
    profile_lag: timedelta = timedelta(0)
    revoked: set[str] = field(default_factory=set)
    expires: dict[str, datetime] = field(default_factory=dict)
    comment_wait: timedelta = timedelta(0)
    errors_as_400: bool = False
    german: bool = False
    shuffled: bool = False
    inbox_redirects: bool = False  # as the inbox did in August 2025
    feed_allowed: int | None = None
    feed_window: timedelta = timedelta(minutes=1)
    feed_etags: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)

    def is_shut(self, username: str, now: datetime) -> bool:
        """Whether an account's keys no longer work."""
        return username in self.revoked or (username in self.expires and now >= self.expires[username])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that passed the gate. `params` holds query and form alike; `path` what the address itself said."""

    world: World
    options: RedditOptions
    method: str
    path: Mapping[str, str]
    params: Mapping[str, str]
    token: Token
    now: datetime

    @property
    def me(self) -> str | None:
        """The id of the account that asks; None when nobody is logged in."""
        return self.token.account_id

    def shapes(self) -> Shapes:
        """A writer of posts for whoever asks."""
        return Shapes(self.world, self.me, raw=self.params.get("raw_json") == "1")

    def number(self, name: str, otherwise: int) -> int:
        """A whole number among the parameters; anything else counts as not given."""
        given = self.params.get(name, "")
        return int(given) if given.isascii() and given.isdigit() else otherwise


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `note` is for the world's log only."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    note: str = ""


def refused(status: int, message: str, **more: Any) -> Answer:
    """Reddit's own plain error."""
    return Answer({"message": message, "error": status, **more}, status, note=message)


def page(asked: Asked, names: Sequence[str], write: Callable[[int], dict[str, Any]]) -> Answer:
    """One page of a listing whose fullnames are given, newest first; `write` gives the thing at a place in it.

    limit, after, before, and the cap of a listing. `before` a thing that is no longer listed finds nothing at all: that is how the
    real one loses posts.
    """
    limit = max(1, min(PAGE_CAP, asked.number("limit", 25)))
    names = names[:LISTING_CAP]
    start, stop = 0, len(names)
    before, after = asked.params.get("before"), asked.params.get("after")
    if before:
        stop = names.index(before) if before in names else 0
        start = max(0, stop - limit)
    elif after:
        start = names.index(after) + 1 if after in names else _older_than(asked, after, names)
    shown = range(start, min(start + limit, stop))
    more = bool(shown) and shown.stop < stop
    return Answer(listing([write(n) for n in shown], after=names[shown[-1]] if more else None))


def _older_than(asked: Asked, name: str, names: Sequence[str]) -> int:
    """Where the page after `name` begins when `name` itself was deleted meanwhile."""
    gone = asked.world.post("reddit", name.partition("_")[2])
    if gone is None:
        return len(names)
    for place, each in enumerate(names):
        post = asked.world.post("reddit", each.partition("_")[2])
        if post is not None and post.created_at < gone.created_at:
            return place
    return len(names)

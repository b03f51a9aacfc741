"""Reading X: mentions of the account, searches for the brand's names, conversations, and posts looked at again.

Posts turn up late and out of order, so each walk begins a while before the newest post known. X charges a post once a day however
often it is read. A walk goes on from page to page over as many polls as it takes; only when it is done does the cursor rise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from places.doors import Unavailable
from places.x.cursor import Cursor, Page, Walk
from places.x.identity import Identity
from places.x.posts import ASKED, is_id, read_posts, time_of
from places.x.query import conversation
from places.x.settings import XSettings
from places.x.wire import BadQuestion, Body, XWire
from storage.words import Batch, Gone, Post

PAGE = 100
WEEK = timedelta(days=7)
"""As far back as recent search goes (X's documentation)."""
OVERLAP = timedelta(hours=2)
"""How far before the newest known post each walk begins again."""
MARGIN = timedelta(hours=2)
"""How near to the week's edge a start is not risked: X refuses starts beyond it, and clocks differ."""
AHEAD = timedelta(minutes=10)
"""Ids that claim to be made later than this from now are not believed: one of them would hide everything that comes before it."""
THREAD_PAGES = 5
NEARLY_ALL = 700
"""Posts after which a walk may have come to X's end of mentions: 800, less what was deleted since (X's documentation)."""

_GONE = {"resource-not-found": "deleted", "not-authorized-for-resource": "hidden"}


class Question(Protocol):
    """What a source asks for."""

    reaches_back: bool  # beyond a week

    def ask(self, start: str | None, token: str | None, now: datetime) -> Body:
        """One page from `start` on (None: as far back as it goes). Raises Unavailable."""
        ...


class Mentions:
    """Posts that mention our account, at the price of our own: the newest 800, however old."""

    reaches_back = True

    def __init__(self, wire: XWire, identity: Identity, settings: XSettings) -> None:
        self._wire, self._identity, self._as_user = wire, identity, settings.can_post

    def ask(self, start: str | None, token: str | None, now: datetime) -> Body:
        """One page of mentions."""
        me = self._identity.me(now)
        asked: dict[str, Any] = {
            **ASKED,
            "start_time": start,
            "pagination_token": token,
            "max_results": PAGE,
            "user_auth": self._as_user,
        }
        return self._wire.read(lambda client: client.get_users_mentions(me.native_id, **asked), now)


class Search:
    """Posts that match a query: a week of them."""

    reaches_back = False

    def __init__(self, wire: XWire, settings: XSettings, query: str) -> None:
        self._wire, self._query, self._as_user = wire, query, not settings.bearer_token

    def ask(self, start: str | None, token: str | None, now: datetime) -> Body:
        """One page of what was found."""
        asked: dict[str, Any] = {
            **ASKED,
            "start_time": start,
            "next_token": token,
            "max_results": PAGE,
            "user_auth": self._as_user,
        }
        return self._wire.read(lambda client: client.search_recent_tweets(self._query, **asked), now)


class XSource:
    """X read for one brand by one question. See places.doors.Source."""

    place = "x"

    def __init__(self, key: str, brand: str, question: Question, wire: XWire, settings: XSettings) -> None:
        self.key, self.brand = key, brand
        self._question, self._wire, self._settings = question, wire, settings

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """One page. See places.doors.Source.poll."""
        here = Cursor.read(cursor)
        start, token = self._start(here, now), None
        if here.walk is not None:
            start, token = here.walk.start, here.walk.token
        try:
            body = self._question.ask(start, token, now)
        except BadQuestion:
            if token is None:
                raise
            start = self._start(
                here, now
            )  # X forgot the page, or its start is out of reach by now: the walk begins anew
            body = self._question.ask(start, None, now)
        posts, poison = read_posts(body, self._settings.site_url)
        meta = body.get("meta")
        if not isinstance(meta, dict):
            raise Unavailable("X answered without saying where we are.")
        following = meta.get("next_token")
        following = following if isinstance(following, str) and following else None
        ids = [int(post.reply_to) for post in posts]
        page = Page(following, _newest(posts, meta, now), min(ids, default=0), len(posts) + len(poison))
        walk = here.stepped(page, start)
        gap = following is None and self._fell_short(here.newest, walk)
        return Batch(tuple(posts), here.turned(walk).write(), following is not None, tuple(poison), gap)

    def _fell_short(self, known: int, walk: Walk) -> bool:
        """Whether a finished walk may have ended before it came to what was known: X shows a week of search, 800 mentions."""
        if not known:
            return False
        if not self._question.reaches_back and walk.start is None:
            return True
        return walk.seen >= NEARLY_ALL and walk.oldest > known

    def _start(self, here: Cursor, now: datetime) -> str | None:
        """Where a walk begins; None asks X for all it has, which for a search is a week."""
        if here.newest:
            start = time_of(here.newest) - OVERLAP
        elif self._question.reaches_back:
            start = now - WEEK
        else:
            return None
        if not self._question.reaches_back and start < now - WEEK + MARGIN:
            return None
        return start.strftime("%Y-%m-%dT%H:%M:%SZ")

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """The conversation as far as the last week shows it, with its root and the post itself. See places.doors.Source.thread."""
        found: dict[str, Post] = {}
        search, token = Search(self._wire, self._settings, conversation(post.conversation_id)), None
        for _ in range(THREAD_PAGES):
            body = search.ask(None, token, now)
            found |= {one.native_id: one for one in read_posts(body, self._settings.site_url)[0]}
            meta = body.get("meta")
            token = meta.get("next_token") if isinstance(meta, dict) else None
            if not isinstance(token, str):
                break
        missing = [native for native in dict.fromkeys((post.conversation_id, post.native_id)) if native not in found]
        found |= {native: one for native, one in self.again(missing, now).items() if isinstance(one, Post)}
        return sorted(found.values(), key=lambda one: (one.created_at, int(one.native_id)))

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """Posts by id, edited ones in their newest version. See places.doors.Source.again.

        An id that X says nothing about, or something unreadable, is left out: silence is no proof that a post is gone.
        """
        found = self._look_up([native for native in dict.fromkeys(ids) if is_id(native)], now)
        edited = {
            one.reply_to: asked for asked, one in found.items() if isinstance(one, Post) and one.reply_to != asked
        }
        newest = self._look_up([native for native in edited if native not in found], now)
        for native, asked in edited.items():
            found[asked] = newest.get(native, found.get(native, found[asked]))
        return {asked: Gone(asked, one.why) if isinstance(one, Gone) else one for asked, one in found.items()}

    def _look_up(self, ids: Sequence[str], now: datetime) -> dict[str, Post | Gone]:
        """By the very id asked for."""
        found: dict[str, Post | Gone] = {}
        for at in range(0, len(ids), PAGE):
            chunk = list(ids[at : at + PAGE])
            body = self._look_up_page(chunk, now)
            found |= _by_id(body)
            errors = body.get("errors")
            for native, why in map(_gone, errors if isinstance(errors, list) else []):
                if native in chunk and why is not None:
                    found[native] = Gone(native, why)
        return found

    def _look_up_page(self, ids: list[str], now: datetime) -> Body:
        as_user = not self._settings.bearer_token
        return self._wire.read(lambda client: client.get_tweets(ids, user_auth=as_user, **ASKED), now)


def _newest(posts: Sequence[Post], meta: Mapping[str, Any], now: datetime) -> int:
    """The newest id on a page that can be believed."""
    named = meta.get("newest_id")
    ids = [int(post.reply_to) for post in posts] + ([int(named)] if isinstance(named, str) and is_id(named) else [])
    return max((native for native in ids if time_of(native) <= now + AHEAD), default=0)


def _by_id(body: Body) -> dict[str, Post]:
    """The posts of a lookup by the id of the version that was asked for."""
    data = body.get("data")
    read = (
        (element, read_posts({**body, "data": [element]})[0]) for element in (data if isinstance(data, list) else [])
    )
    return {element["id"]: posts[0] for element, posts in read if posts}


def _gone(error: object) -> tuple[str, str | None]:
    """The id of a post that is gone and why; no reason where X does not clearly say so."""
    if not isinstance(error, dict) or error.get("resource_type") not in {"tweet", "post"}:
        return "", None
    kind = str(error.get("type")).rpartition("/")[2]
    return str(error.get("resource_id") or error.get("value")), _GONE.get(kind)

"""Reading Bluesky: who spoke to the account, who names the brand, conversations, and posts looked at again.

Lists are newest first, by the time that authors claim, and their page tokens are such times: what arrives late lies deep. So each walk
begins at the top and goes on until a while before the newest post known, over as many polls as it takes; only then does the cursor rise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from places.bluesky.cursor import Cursor, Walk
from places.bluesky.failing import BadQuestion
from places.bluesky.line import Line
from places.bluesky.posts import Reader, Unreadable, instant, uri_in
from places.bluesky.threads import read_thread, why_gone
from places.bluesky.uris import author_of, is_uri, is_young
from places.clean import clean_line, clean_raw
from places.doors import NeedsPerson, Unavailable
from storage.words import Batch, Brand, Gone, Poison, Post

PAGE = 100
LOOKED_UP_AT_ONCE = 25
"""Posts that Bluesky gives at once by address (lexicon app.bsky.feed.getPosts)."""
OVERLAP = timedelta(hours=6)
"""How far before the newest known post each walk begins again."""
FIRST_LOOK = timedelta(days=7)
"""How far back the very first walk reads."""
AHEAD = timedelta(minutes=10)
"""Times later than this from now are not believed: one of them would hide everything that comes before it."""
LONGEST_WALK = 50
"""Pages after which a walk is broken off and what lies below it told as a gap: five thousand posts."""
MOST_PHRASES = 5
ASKED_WHY = 5
"""Posts whose absence is looked into, of those that are not shown; the others count as deleted."""

REASONS = ("mention", "reply", "quote")


class Question(Protocol):
    """What a source asks for: a list, newest first."""

    whole: bool  # whether its elements are posts as Bluesky shows them; otherwise they are looked up

    def ask(self, token: str | None, since: datetime, now: datetime) -> tuple[list[Any], str | None]:
        """One page and the token of the next one. Raises Unavailable."""
        ...


class Mentions:
    """Notifications that our account was mentioned, answered or quoted. Not only by those whom it follows, whatever the app shows."""

    whole = False

    def __init__(self, line: Line) -> None:
        self._line = line

    def ask(self, token: str | None, since: datetime, now: datetime) -> tuple[list[Any], str | None]:
        """One page of notifications, of every reason that this Bluesky gives to us."""
        del since
        asked = {"limit": PAGE, "reasons": list(REASONS), "priority": False, **({"cursor": token} if token else {})}
        body = self._line.read("app.bsky.notification.listNotifications", asked, now)
        listed = _list_of(body, "notifications")
        wanted = [one for one in listed if not isinstance(one, dict) or one.get("reason") in REASONS]
        return wanted, _token(body)


class Search:
    """Posts that hold a phrase. What we wrote ourselves is left out."""

    whole = True

    def __init__(self, line: Line, phrase: str) -> None:
        self._line, self._phrase = line, phrase

    def ask(self, token: str | None, since: datetime, now: datetime) -> tuple[list[Any], str | None]:
        """One page of what was found."""
        stamp = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {"q": self._phrase, "sort": "latest", "since": stamp, "limit": PAGE}
        body = self._line.read("app.bsky.feed.searchPosts", {**asked, **({"cursor": token} if token else {})}, now)
        me = self._line.me(now).native_id
        found = _list_of(body, "posts")
        return [one for one in found if not (isinstance(one, dict) and _author(one) == me)], _token(body)


class BlueskySource:
    """Bluesky read with one question. See places.doors.Source."""

    place = "bluesky"

    def __init__(self, key: str, brand: str, question: Question, line: Line, reader: Reader) -> None:
        self.key, self.brand = key, brand
        self._question, self._line, self._reader, self._memory = question, line, reader, reader.memory

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """One page. See places.doors.Source.poll."""
        here = Cursor.read(cursor)
        walk, elements, token, lost = self._page(here, now)
        dated = [(one, _listed_at(one)) for one in elements]
        times = [at for _, at in dated if at is not None and at <= now + AHEAD]
        recent = [one for one, at in dated if at is None or at >= walk.since]
        posts, poison = self._read(recent, now)
        passed = bool(times) and max(times) < walk.since
        broken_off = token is not None and not passed and walk.pages + 1 >= LONGEST_WALK
        token = None if passed or broken_off or token == walk.token else token
        turned = here.stepped(walk, max(times, default=None), token)
        # After a lost page the next one waits its turn, so that a page that can never be read is not asked for over and over.
        return Batch(tuple(posts), turned.write(), token is not None and not lost, tuple(poison), broken_off)

    def _page(self, here: Cursor, now: datetime) -> tuple[Walk, list[Any], str | None, bool]:
        """The next page of the walk, or, where Bluesky forgot it or trips over it, the first one of a new walk. Raises Unavailable."""
        walk = here.walk
        if walk is not None and walk.token:
            try:
                return walk, *self._question.ask(walk.token, walk.since, now), False
            except Unavailable as away:
                if away.retry_at is not None or (isinstance(away, NeedsPerson) and not isinstance(away, BadQuestion)):
                    raise
        walk = self._new_walk(here, now)
        return walk, *self._question.ask(None, walk.since, now), here.walk is not None

    def _new_walk(self, here: Cursor, now: datetime) -> Walk:
        return Walk("", here.starts_at(now, OVERLAP, FIRST_LOOK), None)

    def _read(self, elements: Sequence[Any], now: datetime) -> tuple[list[Post], list[Poison]]:
        """The posts of a page, each once, and what could not be read."""
        views, poison = {}, []
        for one in elements:
            try:
                views[uri_in(one)] = one
            except Unreadable as error:
                poison.append(Poison(None, clean_line(str(error), 300), clean_raw(one)))
        shown = views.values() if self._question.whole else self._shown(list(views), now)
        read = [self._reader.read_or_poison(view, now) for view in shown]
        poison += [one for one in read if isinstance(one, Poison)]
        return [one for one in read if isinstance(one, Post)], poison

    def _shown(self, uris: Sequence[str], now: datetime) -> Iterator[Any]:
        """Posts by address, as Bluesky shows them now; what is gone is left out. Raises Unavailable."""
        for at in range(0, len(uris), LOOKED_UP_AT_ONCE):
            asked = {"uris": list(uris[at : at + LOOKED_UP_AT_ONCE])}
            yield from _list_of(self._line.read("app.bsky.feed.getPosts", asked, now), "posts")

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """The conversation from its beginning, as far as Bluesky shows it to us. See places.doors.Source.thread."""
        return read_thread(self._line, self._reader, post, now)

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """Posts by address, rewritten ones as they are now. See places.doors.Source.again.

        Bluesky says nothing of what it does not show. What is too young to be missed, or unreadable, is left out.
        """
        wanted = [uri for uri in dict.fromkeys(ids) if is_uri(uri)]
        read = [self._reader.read_or_poison(view, now) for view in self._shown(wanted, now)]
        found: dict[str, Post | Gone] = {one.native_id: one for one in read if isinstance(one, Post)}
        poison = {one.native_id for one in read if isinstance(one, Poison)}
        if None not in poison:  # what does not even say which post it is may be any of them
            missing = [uri for uri in wanted if uri not in found and uri not in poison]
            found |= self._gone([uri for uri in missing if self._memory.knows(uri) or not is_young(uri, now)], now)
        return {uri: found[uri] for uri in wanted if uri in found}

    def _gone(self, missing: Sequence[str], now: datetime) -> dict[str, Gone]:
        """What became of posts that are not shown."""
        whys = {uri: why_gone(self._line, uri, now) for uri in missing[:ASKED_WHY]}
        return {uri: Gone(uri, why) for uri in missing if (why := whys.get(uri, "deleted")) is not None}


def phrases(brand: Brand) -> tuple[str, ...]:
    """What is searched for: each name of the brand as a phrase. Bluesky's search knows no "or", so each is a source of its own."""
    plain = (" ".join(name.replace('"', " ").replace("\\", " ").split()) for name in brand.names or (brand.name,))
    return tuple(dict.fromkeys(f'"{name}"' for name in plain if name))[:MOST_PHRASES]


def _list_of(body: Mapping[str, Any], name: str) -> list[Any]:
    found = body.get(name)
    if not isinstance(found, list):
        raise Unavailable("Bluesky answered with something that is no list of posts.")
    return found


def _author(view: Mapping[str, Any]) -> str:
    return author_of(str(view.get("uri")))


def _token(body: Mapping[str, Any]) -> str | None:
    token = body.get("cursor")
    return token if isinstance(token, str) and token else None


def _listed_at(element: Any) -> datetime | None:
    """By which time an element stands in its list; None where it does not say."""
    return instant(element.get("indexedAt")) if isinstance(element, dict) else None

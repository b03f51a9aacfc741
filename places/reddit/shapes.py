"""Reddit's JSON into our words. Strangers wrote what is in it, and some of it was never meant to be read."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from places.clean import clean_line, clean_raw, clean_text
from storage.words import Author, Gone, Poison, Post

FULLNAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
NOBODY = (None, "[deleted]", "[removed]")
OLDEST = datetime(2005, 6, 1, tzinfo=UTC)
"""Reddit's first month; a post from before is no post."""

CLOCKS_DIFFER = timedelta(days=1)
"""Nothing is believed that claims to come from further ahead; a cursor set by it would skip everything until then."""

CALLED = re.compile(r"(?<![\w/])/?u/([\w-]{3,20})(?![\w-])", re.IGNORECASE)


class Unreadable(ValueError):
    """A thing that is no post we know how to read."""


class Closed:
    """Posts known to take no answers, and why: what a Post cannot say. Filled by reading, asked by Publisher.reach; forgets the oldest."""

    MOST = 20_000

    def __init__(self) -> None:
        self._why: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, name: str, data: Mapping[str, Any]) -> None:
        """Take from a thing whether it can be answered."""
        why = ""
        if data.get("archived") is True:
            why = "Reddit archived this thread: it's too old to be answered."
        elif data.get("locked") is True:
            why = "The moderators locked this; nobody can answer there."
        with self._lock:
            self._why.pop(name, None)
            if why:
                self._why[name] = why
            if len(self._why) > self.MOST:
                self._why.popitem(last=False)

    def why(self, *names: str) -> str:
        """Why none of these can be answered, or ""."""
        with self._lock:
            return next((self._why[name] for name in names if name in self._why), "")


class Reader:
    """Reads things as they come from Reddit. `site` is what links for people begin with."""

    def __init__(self, site: str, closed: Closed) -> None:
        self._site = site.rstrip("/")
        self._closed = closed

    def read(self, thing: Any, now: datetime) -> Post | Gone:
        """One thing of a listing. Raises Unreadable."""
        data = data_of(thing)
        name = name_of(thing)
        if name is None:
            raise Unreadable("no name that Reddit could have given")
        self._closed.note(name, data)
        gone = _gone(name, data)
        return gone if gone is not None else self._post(name, data, now)

    def read_or_poison(self, thing: Any, now: datetime) -> Post | Gone | Poison:
        """The same, with what cannot be read as Poison: it costs itself and not its page."""
        try:
            return self.read(thing, now)
        except Unreadable as error:
            return Poison(name_of(thing), str(error), clean_raw(thing))

    def _post(self, name: str, data: Mapping[str, Any], now: datetime) -> Post:
        is_comment = name.startswith("t1_")
        text = _text(data, "body" if is_comment else "selftext")
        author = Author(_author_id(data), clean_line(_text(data, "author")))
        return Post(
            place="reddit",
            native_id=name,
            author=author,
            text=clean_text(text),
            title="" if is_comment else clean_text(_text(data, "title"), 1_000),
            created_at=created_of(data, now),
            edited_at=_edited(data, now),
            conversation_id=_linked(data, "link_id", "t3_") if is_comment else name,
            parent_id=_linked(data, "parent_id", "t") if is_comment else None,
            url=address_of(self._site, name, data),
            addressed=tuple(dict.fromkeys(handle.lower() for handle in CALLED.findall(text))),
            is_repost=isinstance(data.get("crosspost_parent"), str),
        )


def address_of(site: str, name: str, data: Mapping[str, Any], conversation: Any = None) -> str:
    """Where people read a post: at the address that Reddit gives with it, if it is one on Reddit."""
    permalink = data.get("permalink")
    if isinstance(permalink, str) and re.fullmatch(r"/(?:r|u|user)/[\w./%-]{1,400}", permalink):
        return site + permalink
    return link_to(site, name, data.get("link_id") or conversation)


def link_to(site: str, name: str, conversation: Any) -> str:
    """Where people read a post of which only the ids are known."""
    if name.startswith("t1_") and isinstance(conversation, str) and FULLNAME.fullmatch(conversation):
        return f"{site}/comments/{conversation[3:]}/_/{name[3:]}/"
    return f"{site}/comments/{name[3:]}/" if name.startswith("t3_") else f"{site}/api/info?id={name}"


def data_of(thing: Any) -> Mapping[str, Any]:
    """What is in the envelope of a comment or a submission. Raises Unreadable."""
    if not isinstance(thing, dict) or thing.get("kind") not in ("t1", "t3") or not isinstance(thing.get("data"), dict):
        raise Unreadable("neither a comment nor a submission")
    found: dict[str, Any] = thing["data"]
    return found


def name_of(thing: Any) -> str | None:
    """The thing's fullname ("t1_…", "t3_…"), or None."""
    data = thing.get("data") if isinstance(thing, dict) else None
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) and FULLNAME.fullmatch(name) and thing.get("kind") == name[:2] else None


def created_of(data: Mapping[str, Any], now: datetime) -> datetime:
    """When it was written, by Reddit's clock, in whole seconds. Raises Unreadable."""
    created = instant(data.get("created_utc"))
    if created is None or not OLDEST <= created <= now + CLOCKS_DIFFER:
        raise Unreadable("no time at which anybody could have written")
    return created


def instant(number: Any) -> datetime | None:
    """The instant of a Unix time, or None where there is none."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        return datetime.fromtimestamp(number, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _edited(data: Mapping[str, Any], now: datetime) -> datetime | None:
    """`edited` is false or an instant."""
    edited = instant(data.get("edited"))
    return edited if edited is not None and OLDEST <= edited <= now + CLOCKS_DIFFER else None


def _gone(name: str, data: Mapping[str, Any]) -> Gone | None:
    """Deleted, removed, or left behind by an account that is no more; its author's id is then not for us to keep either."""
    body = data.get("selftext" if name.startswith("t3_") else "body")
    if data.get("removed_by_category") not in (None, "", "deleted", "author") or body == "[removed]":
        return Gone(name, "removed")
    return Gone(name, "deleted") if data.get("author", "") in NOBODY else None


def _text(data: Mapping[str, Any], key: str) -> str:
    found = data.get(key)
    if not isinstance(found, str):
        raise Unreadable(f"no {key}")
    return found


def _author_id(data: Mapping[str, Any]) -> str:
    found = data.get("author_fullname")
    if not isinstance(found, str) or not re.fullmatch(r"t2_[0-9a-z]{1,13}", found):
        raise Unreadable("nobody's id as its author")
    return found


def _linked(data: Mapping[str, Any], key: str, begins: str) -> str:
    found = data.get(key)
    if not isinstance(found, str) or not FULLNAME.fullmatch(found) or not found.startswith(begins):
        raise Unreadable(f"no {key}")
    return found

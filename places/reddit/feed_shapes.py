"""A feed's bytes into our words. Strangers wrote what is in it, and whoever stands in between may have written the rest.

Nothing but plain Atom in UTF-8 is read: a document that declares types or entities is no feed of Reddit's, and one that does not end
as it should may lack the posts that we look for. Signs that XML cannot hold are replaced first, so that nobody blinds us with one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from places.clean import clean_line, clean_raw, clean_text
from places.doors import Unavailable
from places.reddit.feed_text import read_text
from places.reddit.shapes import CALLED, CLOCKS_DIFFER, FULLNAME, NOBODY, OLDEST, Unreadable, link_to
from storage.words import Author, Gone, Poison, Post, name_id

NO_FEED = "Reddit answered with something that is no feed."

MOST_ENTRIES = 500
"""Entries that are read of one feed; asked for are a hundred."""

MOST_TAGS = 20_000
"""Tags in a feed, of which a reader takes ever longer the deeper they stand; a hundred entries have some three thousand."""

_DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));")
_OTHER_NAME = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,8}|#x[0-9a-fA-F]{1,8});)")
_PATH = re.compile(
    r"/(?:r|user)/[\w.-]{1,60}/comments/([0-9a-z]{1,13})/[^/\s\"'<>\\?#]{0,400}/?(?:([0-9a-z]{1,13})/?)?"
)
_HANDLE = re.compile(r"/u/([\w-]{1,30})", re.ASCII)


def read_entries(body: bytes) -> list[Mapping[str, Any]]:
    """The entries of a feed, as they came. Raises Unavailable when it is none, or not a whole one."""
    import feedparser  # its import is slow

    if _DECLARES.search(body[:4096].replace(b"\0", b"")) or _DECLARES.search(body):
        raise Unavailable(NO_FEED)
    text = _storable(body.decode("utf-8", "replace").removeprefix("\ufeff"))
    if not text.lstrip().startswith("<") or not text.rstrip().endswith("</feed>") or text.count("<") > MOST_TAGS:
        raise Unavailable(NO_FEED)
    try:
        read = feedparser.parse(
            io.BytesIO(text.encode()),
            response_headers={"content-type": "application/atom+xml; charset=utf-8"},
            sanitize_html=False,  # we read the words and show no HTML
            resolve_relative_uris=False,
        )
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        raise Unavailable(NO_FEED) from error
    if read.bozo or read.version != "atom10":
        raise Unavailable(NO_FEED)
    entries: list[Mapping[str, Any]] = list(read.entries[:MOST_ENTRIES])
    return entries


def _storable(text: str) -> str:
    """The same with what XML cannot hold replaced, and names of entities that XML does not know taken as the words they are."""

    def number(found: re.Match[str]) -> str:
        code = int(found[1], 16) if found[1] else int(found[2])
        return "\ufffd" if code > 0x10FFFF or _ILLEGAL.match(chr(code)) else found[0]

    return _OTHER_NAME.sub("&amp;", _REFERENCE.sub(number, _ILLEGAL.sub("\ufffd", text)))


def read_posts(body: bytes, site: str, now: datetime) -> list[Post | Gone | Poison]:
    """What a feed shows, in its order; entries that are no posts (subreddits, people) are left out. Raises Unavailable."""
    found: list[Post | Gone | Poison] = []
    for entry in read_entries(body):
        name = entry.get("id")
        if isinstance(name, str) and re.fullmatch(r"t[245]_\w{1,13}", name):
            continue
        try:
            found.append(read_entry(entry, site, now))
        except (Unreadable, ValueError, TypeError, AttributeError, LookupError) as error:
            known = name if isinstance(name, str) and FULLNAME.fullmatch(name) else None
            found.append(Poison(known, clean_line(str(error)) or type(error).__name__, clean_raw(dict(entry))))
    return found


def read_entry(entry: Mapping[str, Any], site: str, now: datetime) -> Post | Gone:
    """One entry. Raises Unreadable, or what reading a wrong shape raises."""
    name = entry.get("id")
    if not isinstance(name, str) or not FULLNAME.fullmatch(name):
        raise Unreadable("no name that Reddit could have given")
    text = clean_text(read_text(_content(entry)))
    handle = _handle(entry)
    if handle is None or text == "[removed]":
        return Gone(name, "removed" if text == "[removed]" else "deleted")
    is_comment = name.startswith("t1_")
    conversation, url = _whereabouts(entry, name, site)
    written, changed = _times(entry, now)
    return Post(
        place="reddit",
        native_id=name,
        author=Author(name_id(handle), handle),
        text=text,
        title="" if is_comment else clean_text(_words(entry, "title"), 1_000),
        created_at=written,
        edited_at=changed,
        conversation_id=conversation,
        url=url,
        addressed=tuple(dict.fromkeys(called.lower() for called in CALLED.findall(text))),
    )


def _words(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    if not isinstance(found, str):
        raise Unreadable(f"no {key}")
    return found


def _content(entry: Mapping[str, Any]) -> str:
    content = entry.get("content")
    first = content[0] if isinstance(content, Sequence) and content else {}
    value = first.get("value") if isinstance(first, Mapping) else None
    return value if isinstance(value, str) else ""


def _handle(entry: Mapping[str, Any]) -> str | None:
    """Who wrote it; None once the post or its author is gone."""
    author = entry.get("author")
    if not isinstance(author, str) or not author or author.removeprefix("/u/") in NOBODY:
        return None
    found = _HANDLE.fullmatch(author)
    if found is None:
        raise Unreadable("nobody's name as its author")
    return found[1]


def _whereabouts(entry: Mapping[str, Any], name: str, site: str) -> tuple[str, str]:
    """The conversation it belongs to, and where people read it."""
    found = _PATH.fullmatch(urlsplit(_words(entry, "link")).path)
    if found is None or (found[2] or found[1]) != name[3:]:
        if name.startswith("t3_"):
            return name, link_to(site, name, None)
        raise Unreadable("no address that tells its conversation")
    return f"t3_{found[1]}", site + found[0]


def _times(entry: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime | None]:
    """When it was written, and when it was edited. A comment tells one time only."""
    updated = _instant(entry.get("updated"))
    written = _instant(entry.get("published")) or updated
    if written is None or not OLDEST <= written <= now + CLOCKS_DIFFER:
        raise Unreadable("no time at which anybody could have written")
    edited = updated is not None and written < updated <= now + CLOCKS_DIFFER
    return written, updated if edited else None


def _instant(stamp: Any) -> datetime | None:
    if not isinstance(stamp, str):
        return None
    try:
        instant = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo is not None else None

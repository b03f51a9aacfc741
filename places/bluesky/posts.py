"""Posts as Bluesky shows them, read into Posts. What cannot be read is Poison and costs only itself.

Strangers write the records themselves, with whatever program they like: nothing in them is taken for granted but the address and a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from places.bluesky.facets import linked_text, mentioned
from places.bluesky.memory import Memory, closed_why
from places.bluesky.session import Session
from places.bluesky.settings import BlueskySettings
from places.bluesky.uris import author_of, is_did, is_uri, link_to
from places.clean import clean_line, clean_raw, clean_text
from storage.words import Author, Poison, Post

OLDEST = datetime(2006, 1, 1, tzinfo=UTC)
"""Posts may claim to be older than Bluesky (some are brought along from elsewhere), but not older than this."""

_TROUBLES = (ValueError, TypeError, AttributeError, LookupError, OverflowError)


class Unreadable(ValueError):
    """Something that is no post we know how to read."""


class Reader:
    """Reads posts for one account. Who speaks to it, by its id, is noted as having spoken to its handle as well."""

    def __init__(self, settings: BlueskySettings, session: Session, memory: Memory) -> None:
        self._settings, self._session, self.memory = settings, session, memory

    def read(self, view: Any, now: datetime) -> Post:
        """One post as Bluesky shows it. Raises Unreadable."""
        try:
            return self._read(view, now)
        except Unreadable:
            raise
        except _TROUBLES as error:
            raise Unreadable(clean_line(str(error), 300) or type(error).__name__) from error

    def read_or_poison(self, view: Any, now: datetime) -> Post | Poison:
        """The same, with what cannot be read as Poison."""
        try:
            return self.read(view, now)
        except Unreadable as error:
            uri = view.get("uri") if isinstance(view, dict) else None
            return Poison(uri if is_uri(uri) else None, clean_line(str(error), 300), clean_raw(view))

    def _read(self, view: Any, now: datetime) -> Post:
        uri, cid, written = uri_in(view), view.get("cid"), view.get("record")
        if not isinstance(written, dict) or not isinstance(written.get("text"), str):
            raise Unreadable("no text")
        author = _author(view.get("author"), uri)
        reply = written.get("reply")
        sight = self.memory.note(uri, str(cid), closed_why(view), now)
        return Post(
            place="bluesky",
            native_id=uri,
            author=author,
            text=clean_text(linked_text(written["text"], written.get("facets"))),
            created_at=time_of_writing(view),
            conversation_id=_named(reply, "root") or uri,
            parent_id=_named(reply, "parent"),
            url=link_to(self._settings.site_url, author.handle, uri),
            lang=_language(written.get("langs")),
            edited_at=sight.edited_at,
            addressed=self._addressed(written),
        )

    def _addressed(self, written: Mapping[str, Any]) -> tuple[str, ...]:
        """Whom the author spoke to: mentioned, answered, quoted, or wrote under. Ids, and our own handle where we are among them."""
        reply = written.get("reply")
        spoken_to = [_named(reply, "parent"), _named(reply, "root"), _quoted(written.get("embed"))]
        ids = [*mentioned(written["text"], written.get("facets")), *(author_of(uri) for uri in spoken_to if uri)]
        known = self._session.known
        ours = [self._settings.handle] if known is not None and known.native_id in ids else []
        return tuple(dict.fromkeys([*ids, *ours]))


def uri_in(view: Any) -> str:
    """The address of what Bluesky shows. Raises Unreadable."""
    uri = view.get("uri") if isinstance(view, dict) else None
    if not isinstance(uri, str) or not is_uri(uri):
        raise Unreadable("no address of a post")
    return uri


def time_of_writing(view: Mapping[str, Any]) -> datetime:
    """When it was written: when its author says so, but not later than Bluesky first saw it. Raises Unreadable."""
    seen = instant(view.get("indexedAt"))
    if seen is None:
        raise Unreadable("no time")
    written = view.get("record")
    said = instant(written.get("createdAt")) if isinstance(written, dict) else None
    return max(min(said or seen, seen), OLDEST)


def instant(stamp: object) -> datetime | None:
    """The instant of a timestamp, in UTC, or None where there is none."""
    if not isinstance(stamp, str) or len(stamp) > 64:
        return None
    try:
        told = datetime.fromisoformat(stamp)
        return told.astimezone(UTC) if told.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _author(said: Any, uri: str) -> Author:
    if not isinstance(said, dict) or not is_did(said.get("did")) or said["did"] != author_of(uri):
        raise Unreadable("nobody's id as its author")
    handle, name = said.get("handle"), said.get("displayName")
    told = clean_line(handle, 253).lower() if isinstance(handle, str) else ""
    return Author(said["did"], told or said["did"], clean_line(name) if isinstance(name, str) else "")


def _named(reply: object, which: str) -> str | None:
    """The address of what a reply says it answers ("parent"), or of where that conversation began ("root")."""
    there = reply.get(which) if isinstance(reply, dict) and _named_both(reply) else None
    uri = there.get("uri") if isinstance(there, dict) else None
    return uri if isinstance(uri, str) and is_uri(uri) else None


def _named_both(reply: Mapping[str, Any]) -> bool:
    """Half an answer is none: Bluesky itself shows such a post on its own."""
    both = (reply.get(which) for which in ("root", "parent"))
    return all(isinstance(one, dict) and is_uri(one.get("uri")) for one in both)


def _quoted(embed: object) -> str | None:
    """The address of the post that is quoted, alone or beside pictures."""
    inner = embed.get("record") if isinstance(embed, dict) else None
    if isinstance(inner, dict) and "uri" not in inner:
        inner = inner.get("record")
    uri = inner.get("uri") if isinstance(inner, dict) else None
    return uri if isinstance(uri, str) and is_uri(uri) else None


def _language(codes: object) -> str | None:
    """The language, where the author names one and no more. English is what most programs are set to, so that it tells nothing."""
    if not isinstance(codes, list) or len(codes) != 1 or not isinstance(codes[0], str):
        return None
    code = clean_line(codes[0], 20)
    return None if code.lower().partition("-")[0] in {"", "en"} else code

"""Mastodon's JSON, read into Posts. What cannot be read is Poison and costs only itself; what is not public is no Post at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from places.clean import clean_line, clean_raw, clean_text
from places.mastodon.handles import ACCT, Home
from places.mastodon.markup import text_of
from storage.words import Author, Poison, Post

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
OPEN_TO_ALL = frozenset({"public", "unlisted"})
MOST_NAMED = 100
"""Accounts that a post may name and that we keep."""

FAILURES = (ValueError, TypeError, AttributeError, LookupError, OverflowError)
"""What reading a wrong shape raises."""


class Unreadable(ValueError):
    """An element of a page that is not a status."""


class NotPublic(Exception):
    """A status that is meant for some people only. Nothing of it is kept."""


def is_id(value: object) -> bool:
    """Whether this is an id as Mastodon, or another program that speaks its language, gives one."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def instant(told: object) -> datetime:
    """An instant as Mastodon writes it. Raises Unreadable."""
    if not isinstance(told, str):
        raise Unreadable("no time")
    found = datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise Unreadable("a time without a zone")
    return found.astimezone(UTC)


def age(post: Post) -> tuple[datetime, int, str]:
    """Sorts posts, oldest first; within one millisecond the ids tell."""
    return post.created_at, len(post.native_id), post.native_id


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads statuses for one account. `site` is what links for people begin with: on their own instance they are signed in."""

    home: Home
    site: str

    def read(self, element: Any, conversation_id: str | None = None) -> Post:
        """One status; its conversation where that is known, else what it answers. Raises NotPublic, or what a wrong shape raises."""
        if not isinstance(element, dict):
            raise Unreadable("not an object")
        native = element.get("id")
        if not isinstance(native, str) or not is_id(native):
            raise Unreadable("no id")
        if element.get("visibility") not in OPEN_TO_ALL:
            raise NotPublic
        boosted = element.get("reblog")
        author, parent = self._author(element.get("account")), element.get("in_reply_to_id")
        parent = parent if is_id(parent) else None
        edited = element.get("edited_at")
        return Post(
            place="mastodon",
            native_id=native,
            author=author,
            text=_text(boosted if isinstance(boosted, dict) else element),
            title=_warning(element),
            created_at=instant(element.get("created_at")),
            conversation_id=conversation_id or parent or native,
            parent_id=parent,
            url=self.link(author.handle, native),
            lang=_language(element.get("language")),
            edited_at=instant(edited) if edited is not None else None,
            addressed=self.addressed(element),
            is_repost=isinstance(boosted, dict),
        )

    def each(self, elements: Any, conversation_id: str | None = None) -> tuple[list[Post], list[Poison]]:
        """The public statuses of a list in its order, and what could not be read."""
        posts: list[Post] = []
        poison: list[Poison] = []
        for element in elements if isinstance(elements, list) else []:
            try:
                posts.append(self.read(element, conversation_id))
            except NotPublic:
                continue
            except FAILURES as error:
                poison.append(poison_of(element, error))
        return posts, poison

    def link(self, handle: str, native: str) -> str:
        """The post's page on our own instance. Addresses that come with a post are strangers' and are not used."""
        return f"{self.site}/@{self.home.short(handle)}/{native}"

    def _author(self, account: Any) -> Author:
        if not isinstance(account, dict):
            raise Unreadable("no author")
        native, acct, name = account.get("id"), account.get("acct"), account.get("display_name")
        if not isinstance(native, str) or not is_id(native) or not isinstance(acct, str) or not ACCT.fullmatch(acct):
            raise Unreadable("an author without id or name")
        return Author(native, self.home.whole(acct), clean_line(name) if isinstance(name, str) else "")

    def addressed(self, element: Mapping[str, Any]) -> tuple[str, ...]:
        """Ids and whole lower-case names of whom the author named or quoted."""
        mentions = element.get("mentions")
        quote = element.get("quote")
        quoted = quote.get("quoted_status") if isinstance(quote, dict) else None
        named: Sequence[Any] = mentions[:MOST_NAMED] if isinstance(mentions, list) else []
        names: dict[str, None] = {}
        for one in [*named, quoted.get("account") if isinstance(quoted, dict) else None]:
            native, acct = (one.get("id"), one.get("acct")) if isinstance(one, dict) else (None, None)
            if isinstance(native, str) and is_id(native):
                names[native] = None
            if isinstance(acct, str) and ACCT.fullmatch(acct):
                names[self.home.whole(acct).lower()] = None
        return tuple(names)


def poison_of(element: Any, error: Exception) -> Poison:
    """An element that could not be read, for a person to look at."""
    native = element.get("id") if isinstance(element, dict) else None
    return Poison(native if is_id(native) else None, clean_line(str(error)) or type(error).__name__, clean_raw(element))


def _text(element: Mapping[str, Any]) -> str:
    content = element.get("content")
    if not isinstance(content, str):
        raise Unreadable("no text")
    return clean_text(text_of(content))


def _warning(element: Mapping[str, Any]) -> str:
    """The content warning: plain text that stands above the text, and is part of what was said."""
    warning = element.get("spoiler_text")
    return clean_text(warning, 1_000).strip() if isinstance(warning, str) else ""


def _language(code: object) -> str | None:
    """The language that the author's program was set to. English is what most are set to whatever is written, so it tells nothing."""
    if not isinstance(code, str) or not _LANGUAGE.fullmatch(code) or code.lower().startswith("en"):
        return None
    return code

"""What there is in the town: accounts, posts and their versions, private messages, requests. And how ids are made there."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SNOWFLAKE_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
"""X counts the milliseconds in its ids from here."""

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Mastodon counts from here."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def snowflake(instant: datetime) -> int:
    """The smallest id that X could give at this instant. Instants before X's own count as its first."""
    return max(0, (instant - SNOWFLAKE_EPOCH) // timedelta(milliseconds=1)) << 22


def snowflake_time(native_id: int) -> datetime:
    """When X gave out this id, to the millisecond."""
    return SNOWFLAKE_EPOCH + timedelta(milliseconds=native_id >> 22)


def mastodon_snowflake(instant: datetime) -> int:
    """The smallest id that Mastodon could give at this instant: milliseconds, and 16 bits to tell apart what came within one."""
    return max(0, (instant - UNIX_EPOCH) // timedelta(milliseconds=1)) << 16


SORTED_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
"""Base 32 in which Bluesky writes times: its characters sort as their values do."""


def tid(instant: datetime, n: int) -> str:
    """The key of a post on Bluesky made at this instant, to the microsecond; `n`, below 1,024, tells apart what came within one."""
    number = max(0, (instant - UNIX_EPOCH) // timedelta(microseconds=1)) << 10 | n & 1023
    return "".join(SORTED_DIGITS[(number >> shift) & 31] for shift in range(60, -1, -5))


def did(n: int) -> str:
    """The id of the n-th account on Bluesky."""
    digest = hashlib.sha256(f"town:{n}".encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def post_uri(author_id: str, rkey: str) -> str:
    """The address of a post on Bluesky."""
    return f"at://{author_id}/app.bsky.feed.post/{rkey}"


def base36(number: int) -> str:
    """A number in base 36, the way Reddit writes its ids."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"


@dataclass(frozen=True, slots=True)
class WorldAccount:
    """An account on one place."""

    place: str
    id: str
    handle: str
    name: str
    followers: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a post, from `at` on. On X every version has an id of its own."""

    id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WorldPost:
    """A post as it is now. `id` and `text` are the newest version's; `history` holds its ids, oldest first (one, unless X edited it)."""

    place: str
    id: str
    author_id: str
    text: str
    title: str
    board: str
    created_at: datetime
    visible_at: datetime
    parent_id: str | None
    conversation_id: str
    quoted_id: str | None
    reposted_id: str | None
    lang: str | None
    deleted_at: datetime | None
    edited_at: datetime | None
    history: tuple[str, ...]
    versions: tuple[Version, ...]

    def is_visible(self, now: datetime) -> bool:
        """Whether listings and search show it at `now`."""
        return self.visible_at <= now and (self.deleted_at is None or now < self.deleted_at)


@dataclass(frozen=True, slots=True)
class Message:
    """A private message."""

    place: str
    from_id: str
    to_id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a server of the town, and what became of it. `status` 0: no answer was given."""

    n: int
    at: datetime
    place: str
    method: str
    path: str
    status: int
    note: str
    body: str

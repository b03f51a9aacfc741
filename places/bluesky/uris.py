"""Names on Bluesky: the address of a post, and the key of a post in its author's repository, which tells when it was made."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

from storage.words import Reply

POST = "app.bsky.feed.post"
"""The collection of posts in everybody's repository."""

LONGEST = 255
"""Characters of an address that are kept; ordinary ones have 70 (did:plc), those of did:web as many as the domain."""

DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
"""Base 32 whose characters sort as their values do (atproto.com/specs/tid)."""

JUST_NOW = timedelta(minutes=5)
"""How far what people see may be behind the repositories: seconds as a rule, and clocks differ."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMELESS_FROM = datetime(2023, 1, 1, tzinfo=UTC)
"""Replies of which we do not know when they were approved get a key from the two years after this."""

_DID = r"did:[a-z]{1,20}:[A-Za-z0-9._:%-]{1,200}"
_URI = re.compile(rf"at://({_DID})/{re.escape(POST)}/([A-Za-z0-9._:~-]{{1,100}})")
_HANDLE = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_TID = re.compile(f"[234567abcdefghij][{DIGITS}]{{12}}")


def is_uri(value: object) -> bool:
    """Whether this is the address of a post, in the form in which we keep them."""
    return isinstance(value, str) and len(value) <= LONGEST and _URI.fullmatch(value) is not None


def is_did(value: object) -> bool:
    """Whether this is the id of an account."""
    return isinstance(value, str) and len(value) <= LONGEST and re.fullmatch(_DID, value) is not None


def uri_of(did: str, rkey: str) -> str:
    """The address of a post by its author and its key."""
    return f"at://{did}/{POST}/{rkey}"


def author_of(uri: str) -> str:
    """The id of the account that wrote a post."""
    return uri.removeprefix("at://").partition("/")[0]


def rkey_of(uri: str) -> str:
    """The key of a post in its author's repository."""
    return uri.rpartition("/")[2]


def link_to(site: str, handle: str, uri: str) -> str:
    """The post's own page. A handle that no longer holds ("handle.invalid") leads nowhere, the account's id always does."""
    who = handle if _HANDLE.fullmatch(handle) and handle != "handle.invalid" else author_of(uri)
    return f"{site}/profile/{who}/post/{rkey_of(uri)}"


def tid(instant: datetime, salt: int) -> str:
    """A key made at this instant, to the millisecond; the low 20 bits of `salt` tell keys of one millisecond apart."""
    milliseconds = (instant - EPOCH) // timedelta(milliseconds=1)
    number = (milliseconds * 1000 + ((salt >> 10) & 1023) % 1000) << 10 | (salt & 1023)
    return "".join(DIGITS[(number >> shift) & 31] for shift in range(60, -1, -5))


def time_of(rkey: str) -> datetime | None:
    """When a key was made, to the millisecond; None for a key that does not say."""
    if _TID.fullmatch(rkey) is None:
        return None
    number = 0
    for digit in rkey:
        number = number << 5 | DIGITS.index(digit)
    return EPOCH + timedelta(milliseconds=(number >> 10) // 1000)


def is_young(uri: str, now: datetime) -> bool:
    """Whether a post is so new that it may not have come yet to where posts are shown."""
    made_at = time_of(rkey_of(uri))
    return made_at is not None and now - JUST_NOW < made_at <= now + JUST_NOW


def key_of(reply: Reply) -> str:
    """The key under which a reply is put up: the same in every attempt, in every process, and after a restored backup.

    It is made of what never changes: the instant of the yes and the reply's own key. So a second attempt meets the first one's post.
    """
    digest = int.from_bytes(hashlib.sha256(f"amends:{reply.key}".encode()).digest())
    made_at = reply.approved_at
    if made_at is None:
        made_at = NAMELESS_FROM + timedelta(milliseconds=(digest >> 20) % (730 * 86_400_000))
    return tid(made_at, digest)

"""Whom we were asked to forget, as keyed hashes: later polls bring nothing of theirs back, and nobody can read who it was.

What was forgotten is known by the post's id, or by its author and the time the place wrote on it: both times compared are the place's
own, so that a clock of ours that was ahead swallows nothing. Whatever an author wrote later is a stranger's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, union, update

from storage.casebook.names import ids_of
from storage.casebook.shelf import new_id
from storage.lifecycle import MovedOn
from storage.tables import accounts, customers, forgotten, posts
from storage.words import Poison, Post

AUTHOR, POST = "author", "post"

NAMELESS = "forgotten:"
"""What native ids become, followed by a number of ours."""

AT_ONCE = 300
"""Hashes asked for in one statement."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Somebody or something forgotten, as a keyed hash: a backup made before has to be told. `what` is "author" or "post"."""

    place: str
    what: str
    hash: str
    at: datetime
    until: datetime | None
    do_not_contact_at: datetime | None


def hash_of(key: bytes, what: str, place: str, native_id: str) -> str:
    """The keyed hash under which an author's or a post's id is remembered, in hex."""
    told = f"{what}\x1f{place}\x1f{native_id}".encode("utf-8", "surrogatepass")
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def is_nameless(native_id: str) -> bool:
    """Whether an id has been forgotten already."""
    return native_id.startswith(NAMELESS)


def forgotten_author(connection: Connection, key: bytes, place: str, *native_ids: str) -> Row[Any] | None:
    """The row of a forgotten author who had one of these ids, or None."""
    hashed = [hash_of(key, AUTHOR, place, each) for each in native_ids]
    return connection.execute(select(forgotten).where(forgotten.c.hash.in_(hashed)).order_by(forgotten.c.id)).first()


def forgotten_posts(connection: Connection, key: bytes, found: Sequence[Post]) -> frozenset[tuple[str, str]]:
    """(place, native id) of those that must not be taken in: forgotten ones, what their authors wrote before, and our answers to them."""
    if connection.execute(select(forgotten.c.id).limit(1)).first() is None:
        return frozenset()
    ours = {(row.place, row.native_id) for row in connection.execute(select(accounts.c.place, accounts.c.native_id))}
    hashes = [_Hashes(key, post, (post.place, post.author.native_id) in ours) for post in found]
    known = _known(connection, {one for each in hashes for one in each.all})
    return frozenset((each.post.place, each.post.native_id) for each in hashes if each.forgotten(known))


def without_forgotten(
    connection: Connection, key: bytes, place: str | None, poison: Iterable[Poison]
) -> tuple[Poison, ...]:
    """The poison of a place that is nobody's who was forgotten, as far as its id tells."""
    kept = tuple(poison)
    if place is None or not kept:
        return kept
    hashes = {one: hash_of(key, POST, place, one.native_id) for one in kept if one.native_id is not None}
    known = _known(connection, set(hashes.values()))
    return tuple(one for one in kept if hashes.get(one) not in known)


def check_remembered(connection: Connection, case: Row[Any]) -> None:
    """Raise MovedOn when the customer of a case was forgotten, or its words were erased."""
    found = select(customers.c.forgotten).where(customers.c.id == case.customer_id)
    if connection.execute(found).scalar() is not None:
        raise MovedOn("This customer asked to be forgotten. Nothing of theirs is left, and the case stays closed.")
    if case.erased_at is not None:
        raise MovedOn("What was written in this case told of somebody's health and is erased. The case stays closed.")


def keep_tombstone(
    connection: Connection,
    what: str,
    place: str,
    hashed: str,
    at: datetime,
    until: datetime | None = None,
    asked: datetime | None = None,
) -> int:
    """The id of a tombstone, made or brought up to date."""
    row = connection.execute(select(forgotten).where(forgotten.c.hash == hashed)).one_or_none()
    if row is None:
        added = insert(forgotten).values(
            place=place, what=what, hash=hashed, at=at, until=until, do_not_contact_at=asked
        )
        return new_id(connection.execute(added))
    if what == AUTHOR:
        newest = until if is_later(until, row.until) else row.until
        values = {"until": newest, "do_not_contact_at": row.do_not_contact_at or asked}
        connection.execute(update(forgotten).where(forgotten.c.id == row.id).values(**values))
    return int(row.id)


def is_later(one: datetime | None, other: datetime | None) -> bool:
    """Whether the first is told, and comes after the other."""
    return one is not None and (other is None or one > other)


def everybody(connection: Connection, key: bytes) -> list[tuple[str, str, str]]:
    """(place, native id, hash) of every author in the base who has an id."""
    rows = connection.execute(
        union(
            select(customers.c.place, customers.c.native_id),
            select(posts.c.place, posts.c.author_id).where(posts.c.by_account.is_(None)),
        )
    )
    named = [(str(row[0]), str(row[1])) for row in rows]
    return [(place, name, hash_of(key, AUTHOR, place, name)) for place, name in named if not is_nameless(name)]


class _Hashes:
    def __init__(self, key: bytes, post: Post, ours: bool) -> None:
        self.post = post
        self.ids = [hash_of(key, POST, post.place, one) for one in {post.native_id, post.reply_to}]
        if ours and post.parent_id is not None:
            self.ids.append(hash_of(key, POST, post.place, post.parent_id))
        self.authors = [hash_of(key, AUTHOR, post.place, one) for one in ids_of(post.place, post.author)]

    @property
    def all(self) -> list[str]:
        return [*self.ids, *self.authors]

    def forgotten(self, known: dict[str, datetime | None]) -> bool:
        if any(one in known for one in self.ids):
            return True
        until = [known.get(one) for one in self.authors]
        return any(one is not None and self.post.created_at <= one for one in until)


def _known(connection: Connection, hashes: set[str]) -> dict[str, datetime | None]:
    asked, known = sorted(hashes), dict[str, datetime | None]()
    for begin in range(0, len(asked), AT_ONCE):
        rows = connection.execute(
            select(forgotten.c.hash, forgotten.c.until).where(forgotten.c.hash.in_(asked[begin : begin + AT_ONCE]))
        )
        known |= {str(row.hash): row.until for row in rows}
    return known

"""Forgetting: every word of a customer and every word said to them is erased; the moves stay, and their chain holds.

To be forgotten is not to object: whoever writes again is a stranger, and may be answered. Who also wants no more messages says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, union, update

from storage.casebook import erasing
from storage.casebook.forgotten import (
    AUTHOR,
    POST,
    Tombstone,
    everybody,
    forgotten_author,
    hash_of,
    is_later,
    is_nameless,
    keep_tombstone,
)
from storage.casebook.health import done_cases, erase_health, loose_posts
from storage.casebook.moves import move_case, move_reply, next_turn, write
from storage.casebook.names import every_id
from storage.casebook.shelf import Shelf
from storage.engine import explained
from storage.lifecycle import LIVE_CASES, MovedOn
from storage.tables import accounts, cases, customers, forgotten, mentions, posts, replies
from storage.words import CaseState, ReplyState


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased of somebody. `do_not_contact`: nobody may write to them, should they ever write again."""

    posts: int = 0
    cases: int = 0
    proposals: int = 0
    replies: int = 0
    notes: int = 0
    poison: int = 0
    do_not_contact: bool = False


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody who wrote, as one place knows them."""

    place: str
    native_id: str
    handle: str
    name: str


class Forgetting(Shelf):
    """Erases people."""

    __slots__ = ()

    def find(self, place: str, name: str, brand: str | None = None) -> tuple[Somebody, ...]:
        """Whom this handle (with or without @) or native id means on a place, in any case; several when a handle changed hands.

        With `brand`, only whom that brand knows.
        """
        wanted = name.removeprefix("@").lower()
        here = func.lower(customers.c.place) == place.lower()
        wrote_here = func.lower(posts.c.place) == place.lower()
        with self._reading() as connection:
            rows = connection.execute(
                union(
                    select(customers.c.place, customers.c.native_id, customers.c.handle, customers.c.name).where(
                        here, _of(customers.c.brand, brand)
                    ),
                    select(posts.c.place, posts.c.author_id, posts.c.author_handle, posts.c.author_name).where(
                        wrote_here, posts.c.by_account.is_(None), _known_to(brand)
                    ),
                )
            ).all()
        named = (Somebody(*row) for row in rows if name == row[1] or wanted == row[2].removeprefix("@").lower())
        found = {(one.place, one.native_id): one for one in named if not is_nameless(one.native_id)}
        return tuple(found.values())

    def forget(self, place: str, author_id: str, by: str, now: datetime, *, do_not_contact: bool = False) -> Erased:
        """Erase somebody by the place's own id, for every brand. Done twice, it erases what came since.

        Raises MovedOn, with nothing erased, when there is nobody to forget, or while a reply to them may be going out.
        """
        with self._writing() as connection:
            erased = _forget(connection, self.key, place, author_id, by, now, do_not_contact=do_not_contact)
        self.settle()
        return erased

    def tombstones(self) -> tuple[Tombstone, ...]:
        """All that was ever forgotten."""
        with self._reading() as connection:
            rows = connection.execute(select(forgotten).order_by(forgotten.c.id)).all()
        return tuple(Tombstone(r.place, r.what, r.hash, r.at, r.until, r.do_not_contact_at) for r in rows)

    def forget_again(self, told: Iterable[Tombstone], by: str, now: datetime) -> int:
        """After an older copy of the base was put back: forget once more whom it brings back. Gives how many people.

        The tombstones must come from a base with the same key.
        """
        told = tuple(told)
        with self._writing() as connection:
            known = {row.hash: row.until for row in connection.execute(select(forgotten.c.hash, forgotten.c.until))}
            lost = {one.hash: one for one in told if one.hash not in known or is_later(one.until, known[one.hash])}
            back = [
                (place, name, lost[hashed]) for place, name, hashed in everybody(connection, self.key) if hashed in lost
            ]
            for place, author_id, one in back:
                again = one.do_not_contact_at is not None
                _forget(connection, self.key, place, author_id, by, now, do_not_contact=again)
            for one in lost.values():
                keep_tombstone(connection, one.what, one.place, one.hash, one.at, one.until, one.do_not_contact_at)
        self.settle()
        return len(back)

    def forget_health(self, before: datetime, now: datetime) -> int:
        """Erase what told of illness or injury: in cases that were done before a time, and in mentions without a case found before it.

        Gives how many cases and posts were erased, at most MOST_AT_ONCE of each. Raises BaseUnavailable.
        """
        with self._reading() as connection:
            if not (done_cases(connection, before) or loose_posts(connection, before)):
                return 0  # nearly always: nothing is written
        with self._writing("learn") as connection:
            erased = erase_health(connection, self.key, before, now)
        self.settle()
        return erased

    def settle(self) -> None:
        """Leave no copy of what was erased in SQLite's write-ahead log, as far as nobody is reading there just now.

        PostgreSQL's vacuum clears old rows in its own time. Raises BaseUnavailable.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with explained():
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                raw.close()


def _forget(
    connection: Connection, key: bytes, place: str, author_id: str, by: str, now: datetime, *, do_not_contact: bool
) -> Erased:
    ids = every_id(connection, place, author_id)
    _check_not_us(connection, place, ids)
    known = connection.execute(
        select(customers).where(customers.c.place == place, customers.c.native_id.in_(ids)).with_for_update()
    ).all()
    theirs = connection.execute(select(posts).where(posts.c.place == place, posts.c.author_id.in_(ids))).all()
    before = forgotten_author(connection, key, place, *ids)
    if not known and not theirs and before is None:
        raise MovedOn("Nobody of that name is known here.")
    dated = [row.do_not_contact_at for row in (*known, *([before] if before else [])) if row.do_not_contact_at]
    asked = min(dated) if dated else (now if do_not_contact else None)
    hashed = hash_of(key, AUTHOR, place, author_id)
    until = max((min(row.created_at, now) for row in theirs), default=None)
    tombstone = keep_tombstone(connection, AUTHOR, place, hashed, now, until, asked)
    for other in sorted(ids - {author_id}):
        keep_tombstone(connection, AUTHOR, place, hash_of(key, AUTHOR, place, other), now, until, asked)
    of_cases = _close(connection, key, [row.id for row in known], by, now)
    ours = erasing.our_answers(connection, theirs, of_cases)
    for row in (*theirs, *ours):
        for name in {row.native_id, row.reply_to} - {""}:
            keep_tombstone(connection, POST, place, hash_of(key, POST, place, name), now)
    erasing.erase_customers(connection, [row.id for row in known], tombstone)
    if asked is not None:
        connection.execute(update(customers).where(customers.c.forgotten == tombstone).values(do_not_contact_at=asked))
    proposed, replied, noted = erasing.erase_cases(connection, of_cases)
    erasing.erase_answers(connection, ours)
    erasing.erase_posts(connection, theirs, now, tombstone)
    names = {row.author_handle for row in theirs} | {row.handle for row in known} | ids
    poison = erasing.erase_poison(connection, names, {row.native_id for row in theirs})
    return Erased(len(theirs), len(of_cases), proposed, replied, noted, poison, asked is not None)


def _check_not_us(connection: Connection, place: str, ids: Iterable[str]) -> None:
    ours = select(accounts.c.id).where(accounts.c.place == place, accounts.c.native_id.in_(ids))
    if connection.execute(ours).first() is not None:
        raise MovedOn("That is an account of your own. Take it out of the settings instead.")


def _close(connection: Connection, key: bytes, known: Sequence[int], by: str, now: datetime) -> list[int]:
    """End their live cases and take back what could still go out; gives the ids of all their cases. Raises MovedOn."""
    rows = connection.execute(select(cases).where(cases.c.customer_id.in_(known)).with_for_update()).all()
    ids = [row.id for row in rows]
    waiting = connection.execute(
        select(replies).where(replies.c.case_id.in_(ids), replies.c.state.in_((*erasing.ON_THE_WAY, *erasing.HELD)))
    ).all()
    for row in waiting:
        if row.state in erasing.ON_THE_WAY:
            raise MovedOn(
                f"A reply to them is going out just now, or may be up without our knowing it (case {row.case_id}). "
                "Nothing was erased: forget them once that is settled."
            )
    for row in waiting:
        move_reply(connection, key, row, ReplyState.WITHDRAWN, who=by, why="The customer was forgotten.", now=now)
    for row in rows:
        if CaseState(row.state) in LIVE_CASES:
            move_case(connection, key, row.id, CaseState.DISMISSED, who=by, why="Dismissed: forgotten", now=now)
        else:
            write(
                connection, key, row.brand, row.id, "case", row.id, row.state, row.state,
                by, "The customer was forgotten.", now,
            )  # fmt: skip
        next_turn(connection, key, row.id, why="The customer was forgotten.", now=now, withdraw=False)
    return ids


def _of(column: Any, brand: str | None) -> Any:
    return column == brand if brand is not None else column.is_not(None)


def _known_to(brand: str | None) -> Any:
    if brand is None:
        return posts.c.id.is_not(None)
    return select(mentions.c.id).where(mentions.c.post_id == posts.c.id, mentions.c.brand == brand).exists()

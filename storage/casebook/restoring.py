"""Restoring: a base that is an older copy must not post what went out after the copy was made.

What it holds as not yet settled may be up, undone or answered otherwise since. So every approval is taken back and its case parked for
a person, what was on its way is looked for and never repeated by the machine, what was to be taken down stays, and posting is paused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from storage.casebook.moves import MACHINE, TAKEN_BACK, move_reply, park, write
from storage.casebook.pauses import EVERYTHING
from storage.casebook.shelf import Shelf
from storage.last_claim import LastClaim
from storage.tables import customers, digests, leases, pauses, replies, sessions
from storage.words import ReplyState

COPY = "copy"
"""The lease that marks a copy: its holder is the instant of copying. A base in use has none."""

OVER = (COPY, "ticker")
"""Leases that mean nothing once a copy is gone on from."""

RESTORE = "restore"
"""Who paused posting."""

NEVER_BY_ITSELF = 1_000
"""Attempts written to a reply that the machine may not repeat: an empty look proves nothing where a person may have taken it down since,
and a platform's key that makes repeats harmless has run out."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done with what the copy held as not yet settled, in numbers of replies."""

    taken_back: int = 0
    looked_for: int = 0
    by_hand: int = 0
    left_up: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What a base knows that an older copy of it does not: whom it told today, and who wants no more messages."""

    digests: tuple[dict[str, Any], ...] = ()
    unwanted: tuple[tuple[str, str, str, datetime], ...] = ()


class Restoring(Shelf):
    """Makes a copy of the base safe to go on from."""

    __slots__ = ()

    def mark_copy(self, at: datetime) -> None:
        """Say in a copy that it is one, made `at`. Nobody does the work there yet."""
        with self._writing() as connection:
            connection.execute(delete(leases).where(leases.c.name.in_(OVER)))
            connection.execute(insert(leases).values(name=COPY, holder=at.isoformat(), until=at))

    def copied_at(self) -> datetime | None:
        """When this copy was made; None where it is none."""
        with self._reading() as connection:
            row = connection.execute(select(leases).where(leases.c.name == COPY)).one_or_none()
        return row.until if row is not None else None

    def is_behind(self, last_claim: LastClaim) -> bool:
        """Whether something was posted from a later state of this base."""
        with self._reading() as connection:
            return not last_claim.is_known(connection)

    def settle(self, copied_at: datetime | None, now: datetime, kept: Kept | None = None) -> Settled:
        """Make it safe, in one transaction: all of the above, everybody signed out, and no longer marked as a copy.

        `copied_at` None: nobody knows how old it is. `kept` is what the base it replaces knew.
        """
        with self._writing() as connection:
            told = _told(copied_at)
            settled = self._settle_replies(connection, told, now)
            if kept is not None:
                _take_over(connection, kept)
            connection.execute(delete(sessions))
            connection.execute(delete(leases).where(leases.c.name.in_(OVER)))
            _pause(connection, now)
        return settled

    def waits(self) -> datetime | None:
        """Since when posting is paused because an older copy was put in place; None when it is not."""
        with self._reading() as connection:
            here = select(pauses.c.at).where(pauses.c.by == RESTORE, pauses.c.ended_at.is_(None))
            found: datetime | None = connection.execute(here).scalar()
        return found

    def keep(self, since: datetime) -> Kept:
        """What a copy of this base, made at `since`, does not know and must."""
        with self._reading() as connection:
            sent = connection.execute(select(digests).where(digests.c.claimed_at >= since)).mappings().all()
            unwanted = connection.execute(
                select(
                    customers.c.brand, customers.c.place, customers.c.native_id, customers.c.do_not_contact_at
                ).where(customers.c.do_not_contact_at.is_not(None))
            ).all()
        rows = tuple({name: value for name, value in row.items() if name != "id"} for row in sent)
        return Kept(rows, tuple((str(row[0]), str(row[1]), str(row[2]), row[3]) for row in unwanted))

    def _settle_replies(self, connection: Connection, told: str, now: datetime) -> Settled:
        back = _in(connection, ReplyState.APPROVED)
        for row in back:
            why = f"{told} Look whether it went out before you approve it again."
            move_reply(connection, self.key, row, ReplyState.WITHDRAWN, who=MACHINE, why=why, now=now)
            park(connection, row.case_id, f"{TAKEN_BACK} {why}")
        for row in _in(connection, ReplyState.SENDING):
            move_reply(
                connection, self.key, row, ReplyState.UNCERTAIN, who=MACHINE, why=told, now=now, lease_until=None
            )
        doubtful = _in(connection, ReplyState.UNCERTAIN)
        for row in doubtful:
            look = {"look_at": now, "looks": 0, "attempt": NEVER_BY_ITSELF, "why": told, "changed_at": now}
            connection.execute(update(replies).where(replies.c.id == row.id).values(**look))
        hand = _in(connection, ReplyState.BY_HAND)
        for row in hand:
            park(connection, row.case_id, f"{told} Look whether you have posted your reply already.")
        return Settled(len(back), len(doubtful), len(hand), self._leave_up(connection, told, now))

    def _leave_up(self, connection: Connection, told: str, now: datetime) -> int:
        rows = connection.execute(
            select(replies).where(replies.c.state == ReplyState.POSTED, replies.c.removal_by.is_not(None))
        ).all()
        for row in rows:
            undone = {"removal_by": None, "removal_due_at": None, "lease_until": None, "changed_at": now}
            connection.execute(update(replies).where(replies.c.id == row.id).values(**undone))
            write(
                connection, self.key, row.brand, row.case_id, "reply", row.id,
                row.state, row.state, MACHINE, f"{told} It is not taken down.", now,
            )  # fmt: skip
            park(connection, row.case_id, f"{told} Your reply was to be taken down: say so again if it still is.")
        return len(rows)


def _in(connection: Connection, state: ReplyState) -> Sequence[Row[Any]]:
    return connection.execute(select(replies).where(replies.c.state == state).order_by(replies.c.id)).all()


def _told(copied_at: datetime | None) -> str:
    if copied_at is None:
        return "An earlier copy of the database was put in place."
    return f"The database was restored from a copy of {copied_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC."


def _take_over(connection: Connection, kept: Kept) -> None:
    known = {(row.recipient, row.local_date) for row in connection.execute(select(digests))}
    for digest in kept.digests:
        if (digest["recipient"], digest["local_date"]) not in known:
            connection.execute(insert(digests).values(**digest))
    for brand, place, native_id, at in kept.unwanted:
        connection.execute(
            update(customers)
            .where(customers.c.brand == brand, customers.c.place == place, customers.c.native_id == native_id)
            .where(customers.c.do_not_contact_at.is_(None))
            .values(do_not_contact_at=at)
        )


def _pause(connection: Connection, now: datetime) -> None:
    live = (pauses.c.scope == EVERYTHING, pauses.c.ended_at.is_(None))
    connection.execute(update(pauses).where(*live).values(ended_by=RESTORE, ended_at=now))
    connection.execute(insert(pauses).values(scope=EVERYTHING, by=RESTORE, at=now))

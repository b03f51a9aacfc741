"""Removals: taking a posted reply down again. Approved by a person like any other act, and undoable until it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from storage.casebook.moves import MACHINE, case_row, move_case, move_reply, next_turn, park, reply_row, touch, write
from storage.casebook.pauses import is_paused, not_paused
from storage.casebook.shelf import Shelf
from storage.casebook.telling import clock, name_of
from storage.lifecycle import MovedOn
from storage.tables import history, replies
from storage.words import CaseState, Posted, ReplyState

ASKED = "To be taken down."
"""What the history calls a person's yes to a taking down."""

LEASE = timedelta(seconds=90)
"""A removal not settled by then is tried again: removing twice is harmless."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A reply to take down, claimed under `fence`."""

    reply_id: int
    brand: str
    place: str
    posted: Posted
    fence: int


class Removals(Shelf):
    """Writes removals."""

    __slots__ = ()

    def approve(self, reply_id: int, why: str, by: str, now: datetime, *, hold: timedelta) -> None:
        """A person's yes to taking a posted reply down. Raises MovedOn when it is not up, or was posted without a known id."""
        with self._writing("remove") as connection:
            row = reply_row(connection, reply_id)
            if row.state != ReplyState.POSTED:
                raise MovedOn("Only a reply that is up can be taken down.")
            if row.removal_by is not None:
                raise MovedOn(_asked_before(connection, row, by, now))
            if row.native_id is None:
                raise MovedOn("We don't know which post it is. Take it down on the site itself.")
            connection.execute(
                update(replies)
                .where(replies.c.id == reply_id, replies.c.state == ReplyState.POSTED)
                .values(removal_by=by, removal_due_at=now + hold, changed_at=now)
            )
            write(
                connection, self.key, row.brand, row.case_id, "reply", reply_id,
                row.state, row.state, by, ASKED, now, note=why or None,
            )  # fmt: skip
            touch(connection, row.case_id)

    def undo(self, reply_id: int, by: str, now: datetime) -> None:
        """Leave it up after all. Raises MovedOn once it is being taken down."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            undone = connection.execute(
                update(replies)
                .where(
                    replies.c.id == reply_id,
                    replies.c.state == ReplyState.POSTED,
                    replies.c.removal_by.is_not(None),
                    replies.c.lease_until.is_(None),  # once somebody is at it, it may already be gone
                )
                .values(removal_by=None, removal_due_at=None, changed_at=now)
            )
            if undone.rowcount != 1:
                raise MovedOn("Too late to undo: it is being taken down.")
            write(
                connection, self.key, row.brand, row.case_id, "reply", reply_id,
                row.state, row.state, by, "It stays up.", now,
            )  # fmt: skip

    def due(self, now: datetime) -> tuple[int, ...]:
        """Replies whose taking down is due."""
        with self._reading() as connection:
            rows = connection.execute(
                select(replies.c.id)
                .where(
                    replies.c.state == ReplyState.POSTED,
                    replies.c.removal_due_at <= now,
                    _free(now),
                    not_paused(replies.c.brand),
                )
                .order_by(replies.c.removal_due_at, replies.c.id)
            ).all()
            return tuple(int(row.id) for row in rows)

    def claim(self, reply_id: int, now: datetime) -> Removal | None:
        """Take a removal; it is due again after the lease if it is never settled."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            if row.state != ReplyState.POSTED or row.removal_due_at is None or row.removal_due_at > now:
                return None
            if is_paused(connection, row.brand):
                return None
            taken = connection.execute(
                update(replies)
                .where(replies.c.id == reply_id, replies.c.removal_fence == row.removal_fence, _free(now))
                .values(removal_fence=row.removal_fence + 1, lease_until=now + LEASE)
            )
            if taken.rowcount != 1:
                return None
            return Removal(
                row.id, row.brand, row.place,
                Posted(row.native_id, row.url, row.posted_at), row.removal_fence + 1,
            )  # fmt: skip

    def removed(self, reply_id: int, fence: int, now: datetime) -> None:
        """It is down; the customer is without an answer again."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            if not _holds(row, fence):
                raise MovedOn("This has been settled by another process.")
            move_reply(
                connection, self.key, row, ReplyState.REMOVED,
                who=row.removal_by or MACHINE, why="Taken down.", now=now, lease_until=None,
            )  # fmt: skip
            case = case_row(connection, row.case_id)
            if CaseState(case.state) is CaseState.ANSWERED:
                move_case(
                    connection, self.key, case.id, CaseState.OPEN,
                    who=MACHINE, why="Our answer was taken down.", now=now, waiting_since=now,
                )  # fmt: skip
                next_turn(connection, self.key, case.id, why="Our answer was taken down.", now=now)

    def failed(self, reply_id: int, fence: int, why: str, retry_at: datetime | None, now: datetime) -> None:
        """It could not be taken down; try again at `retry_at`, or (None) tell a person."""
        with self._writing() as connection:
            row = reply_row(connection, reply_id)
            if not _holds(row, fence):
                return
            values: dict[str, object] = {"why": why[:500], "changed_at": now, "lease_until": None}
            if retry_at is None:
                values |= {"removal_by": None, "removal_due_at": None}
                park(connection, row.case_id, f"The reply could not be taken down: {why}")
            else:
                values |= {"removal_due_at": retry_at}
            connection.execute(update(replies).where(replies.c.id == reply_id).values(**values))


def _asked_before(connection: Connection, row: Row[Any], by: str, now: datetime) -> str:
    at = connection.execute(
        select(history.c.at)
        .where(history.c.case_id == row.case_id, history.c.thing_id == row.id, history.c.why == ASKED)
        .order_by(history.c.seq.desc())
        .limit(1)
    ).scalar_one()
    who = "You" if row.removal_by == by else name_of(connection, row.removal_by)
    return f"{who} asked for that {clock(connection, row.brand, at, now)}: it is already being taken down."


def _holds(row: Row[Any], fence: int) -> bool:
    return row.removal_fence == fence and row.state == ReplyState.POSTED and row.lease_until is not None


def _free(now: datetime) -> Any:
    # A lease that ends later than one lease from now was taken under another clock and does not count.
    return or_(
        replies.c.lease_until.is_(None),
        replies.c.lease_until <= now,
        replies.c.lease_until > now + LEASE,
    )

"""Clocks: the present one is believed, and what was planned under another waits as long as was meant.

Whoever does the work notes the time in the base. When the newest time noted lies ahead, the clock was set back since, perhaps while
nothing was running: then all that was planned ahead of now would wait for as long as the clock had been wrong.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from storage.casebook.cases import raise_aside, unanswered_old
from storage.casebook.raising import FRESH
from storage.casebook.shelf import Shelf
from storage.tables import alerts, brands, cases, digests, leases, mentions, posts, replies, sources
from storage.words import ReplyState

NOTED = "clock"
"""The lease of nobody's that holds the newest time noted."""
EVERY = timedelta(minutes=1)
"""How often the time is noted."""
APART = timedelta(minutes=10)
"""A smaller step back is ordinary slewing, or another machine's clock; so much longer at most something then waits."""
LONGEST_WAIT = timedelta(hours=2)
"""No back-off of the outbox is longer, and of a plan under another clock no more is believed."""
FARTHEST = timedelta(hours=25)
"""Nothing is planned farther ahead (sites that ask for more than a day are asked after one): it was under another clock."""

HOLDS = {replies.c.due_at: ReplyState.APPROVED, replies.c.removal_due_at: ReplyState.POSTED}
PLANS = HOLDS | {replies.c.look_at: ReplyState.UNCERTAIN}
"""What a reply waits for, and in which state."""


class Clocks(Shelf):
    """Writes what a clock that was set has to put right."""

    __slots__ = ()

    def note(self, now: datetime) -> timedelta:
        """Note the time; gives by how much the clock was set back since the newest time noted, and puts right what that holds up."""
        with self._reading() as connection:
            newest = _newest(connection)
        if newest is not None and timedelta(0) <= now - newest < EVERY:
            return timedelta(0)
        with self._writing() as connection:
            newest = _newest(connection)
            if newest is None:
                connection.execute(insert(leases).values(name=NOTED, holder="", until=now))
                return timedelta(0)
            back = newest - now
            if timedelta(0) < back < APART:
                return timedelta(0)
            connection.execute(update(leases).where(leases.c.name == NOTED).values(until=now))
            if back <= timedelta(0):
                _wait_anew(connection, now, planned_after=now + FARTHEST)
                return timedelta(0)
            _begin_anew(connection, self.key, now)
            self._wake(connection, "look", "post", "propose")
            return back

    def was_set(self, jump: timedelta, now: datetime) -> None:
        """The clock was set by `jump`, or the machine slept. Forward: the rest of each hold and back-off is still to come, for a hold
        is time to think better of it, and nobody could. Back, be it ever so little: what was planned after now begins its wait anew.

        Done again for the same jump, it does nothing more.
        """
        before = now - jump
        with self._writing() as connection:
            if jump < timedelta(0):
                _wait_anew(connection, now, planned_after=now, made_after=now)
                return
            for planned, state in HOLDS.items():
                here = and_(replies.c.state == state, planned > before, replies.c.changed_at <= before)
                for row in connection.execute(select(replies.c.id, planned.label("planned")).where(here)).all():
                    until = now + (row.planned - before)
                    connection.execute(
                        update(replies)
                        .where(replies.c.id == row.id)
                        .values({planned: until, replies.c.changed_at: now})
                    )


def has_come(planned: Any, now: datetime) -> Any:
    """The condition that a planned instant has come, or lies so far ahead that another clock planned it."""
    return or_(planned <= now, planned > now + FARTHEST)


def _newest(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(select(leases.c.until).where(leases.c.name == NOTED)).scalar()
    return found


def _begin_anew(connection: Connection, key: bytes, now: datetime) -> None:
    _wait_anew(connection, now, planned_after=now, made_after=now)
    for last in (
        sources.c.last_success_at,
        sources.c.opened_at,
    ):  # or a source that falls silent now is not missed for long
        connection.execute(update(sources).where(last > now).values({last: now}))
    for due in (sources.c.next_at, digests.c.next_at, alerts.c.next_at):
        connection.execute(update(due.table).where(due > now).values({due: now}))
    connection.execute(update(sources).values(follow_at=None))
    for row in connection.execute(select(cases).where(cases.c.snoozed_until > now, cases.c.changed_at > now)).all():
        until = now + (row.snoozed_until - row.changed_at)
        connection.execute(update(cases).where(cases.c.id == row.id).values(snoozed_until=until, changed_at=now))
    _set_aside(connection, key, now)


def _wait_anew(
    connection: Connection, now: datetime, *, planned_after: datetime, made_after: datetime | None = None
) -> None:
    """What a reply waits for begins again: `changed_at` is when the plan was made, and what is left of the wait is not known."""
    for planned, state in PLANS.items():
        here = and_(replies.c.state == state, planned > planned_after)
        if made_after is not None:
            here = and_(here, replies.c.changed_at > made_after)
        for row in connection.execute(
            select(replies.c.id, replies.c.changed_at, planned.label("planned")).where(here)
        ).all():
            wait = min(max(row.planned - row.changed_at, timedelta(0)), LONGEST_WAIT)
            connection.execute(
                update(replies).where(replies.c.id == row.id).values({planned: now + wait, replies.c.changed_at: now})
            )


def _set_aside(connection: Connection, key: bytes, now: datetime) -> None:
    """Complaints taken for old ones because the clock was ahead are raised after all."""
    for brand in connection.execute(select(brands.c.key).order_by(brands.c.key)).scalars().all():
        fresh = unanswered_old(brand).where(mentions.c.found_at > now, posts.c.created_at > now - FRESH)
        for row in connection.execute(fresh.order_by(posts.c.created_at)).all():
            raise_aside(connection, key, row, "A complaint that a wrong clock had taken for an old one.", now)

"""Digests: one row per recipient and local date, taken before the mail is sent."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.casebook.clocks import has_come
from storage.casebook.shelf import Shelf, new_id
from storage.tables import digests
from storage.views import Digest

LEASE = timedelta(minutes=5)
"""A mail still being sent after this long was given up by a process that died; the next try has the same Message-ID."""


class Digests(Shelf):
    """Writes digests."""

    __slots__ = ()

    def claim(self, brand: str, recipient: str, local_date: date, now: datetime) -> Digest | None:
        """Take today's digest for sending; None when it was sent, is being sent, or waits for its next try."""
        with self._reading() as connection:  # it is asked every minute of the day, and sent in one of them
            if _is_sent(connection, recipient, local_date):
                return None
        try:
            with self._writing() as connection:
                row = connection.execute(
                    select(digests).where(digests.c.recipient == recipient, digests.c.local_date == local_date)
                ).one_or_none()
                if row is None:
                    message_id = _message_id(recipient, local_date)
                    added = connection.execute(
                        insert(digests).values(
                            brand=brand,
                            recipient=recipient,
                            local_date=local_date,
                            state="claimed",
                            message_id=message_id,
                            tries=1,
                            claimed_at=now,
                        )
                    )
                    return Digest(new_id(added), brand, recipient, message_id, 1)
                free = or_(
                    and_(digests.c.state == "failed", has_come(digests.c.next_at, now)),
                    and_(digests.c.state == "claimed", digests.c.claimed_at <= now - LEASE),
                    and_(digests.c.state == "claimed", digests.c.claimed_at > now + LEASE),  # under another clock
                )
                taken = connection.execute(
                    update(digests)
                    .where(digests.c.id == row.id, digests.c.tries == row.tries, free)
                    .values(state="claimed", claimed_at=now, tries=row.tries + 1, next_at=None)
                )
                if taken.rowcount != 1:
                    return None
                return Digest(row.id, row.brand, recipient, row.message_id, row.tries + 1)
        except IntegrityError:
            return None  # another process was first, which is what the UNIQUE is for

    def sent(self, digest_id: int, now: datetime) -> None:
        """The mail server took it."""
        with self._writing() as connection:
            connection.execute(
                update(digests)
                .where(digests.c.id == digest_id, digests.c.state == "claimed")
                .values(state="sent", sent_at=now, why=None)
            )

    def failed(self, digest_id: int, why: str, now: datetime) -> None:
        """The mail server did not take it; try again, waiting longer each time up to an hour."""
        with self._writing() as connection:
            tries = connection.execute(select(digests.c.tries).where(digests.c.id == digest_id)).scalar_one()
            wait = min(timedelta(minutes=2 ** min(tries, 6)), timedelta(hours=1))
            connection.execute(
                update(digests)
                .where(digests.c.id == digest_id, digests.c.state == "claimed")
                .values(state="failed", why=why[:500], next_at=now + wait)
            )

    def not_yet(self, today: date, now: datetime) -> None:
        """The clock was set back: digests sent for dates that are still to come are to be sent when those come.

        A mail program would take another mail with the same Message-ID for the one it has.
        """
        with self._writing() as connection:
            for row in connection.execute(
                select(digests).where(digests.c.local_date > today, digests.c.sent_at > now)
            ).all():
                connection.execute(
                    update(digests)
                    .where(digests.c.id == row.id)
                    .values(
                        state="claimed",
                        claimed_at=now,
                        sent_at=None,
                        message_id=_message_id(row.recipient, row.local_date, row.tries),
                    )
                )

    def last_failure(self) -> str | None:
        """Why the newest digest could not be sent, or None when it was."""
        with self._reading() as connection:
            row = connection.execute(select(digests).order_by(digests.c.id.desc()).limit(1)).one_or_none()
        return str(row.why) if row is not None and row.state == "failed" else None


def _is_sent(connection: Connection, recipient: str, local_date: date) -> bool:
    its = and_(digests.c.recipient == recipient, digests.c.local_date == local_date)
    return connection.execute(select(digests.c.state).where(its)).scalar() == "sent"


def _message_id(recipient: str, local_date: date, again: int = 0) -> str:
    told = hashlib.sha256(recipient.encode()).hexdigest()[:24]
    once_more = f"-{again}" if again else ""
    return f"<digest-{local_date.isoformat()}-{told}{once_more}@amends.invalid>"

"""Alerts: one row per silent thing, beginning of its silence and recipient, taken before the mail is sent."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.casebook.clocks import has_come
from storage.casebook.shelf import Shelf, new_id
from storage.tables import alerts
from storage.views import Alert

LEASE = timedelta(minutes=5)
"""An alert still being sent after this long was given up by a process that died; the next try has the same Message-ID."""
QUIET = timedelta(hours=6)
"""For so long after an alert nobody hears of the same thing again: a site that comes and goes must not teach people to look away."""


class Alerts(Shelf):
    """Writes alerts."""

    __slots__ = ()

    def claim(self, thing: str, began_at: datetime, recipient: str, now: datetime) -> Alert | None:
        """Take the alert about a silence for sending; None when it was sent, is being sent, waits, or another came lately."""
        try:
            with self._writing() as connection:
                row = connection.execute(
                    select(alerts).where(
                        alerts.c.thing == thing, alerts.c.began_at == began_at, alerts.c.recipient == recipient
                    )
                ).one_or_none()
                if row is not None:
                    free = or_(
                        and_(alerts.c.state == "failed", has_come(alerts.c.next_at, now)),
                        and_(alerts.c.state == "claimed", alerts.c.claimed_at <= now - LEASE),
                        and_(alerts.c.state == "claimed", alerts.c.claimed_at > now + LEASE),  # under another clock
                    )
                    taken = connection.execute(
                        update(alerts)
                        .where(alerts.c.id == row.id, alerts.c.tries == row.tries, free)
                        .values(state="claimed", claimed_at=now, tries=row.tries + 1, next_at=None)
                    )
                    return Alert(row.id, thing, row.message_id, row.tries + 1) if taken.rowcount == 1 else None
                lately = select(alerts.c.id).where(
                    alerts.c.thing == thing,
                    alerts.c.recipient == recipient,
                    alerts.c.sent_at > now - QUIET,
                    alerts.c.sent_at <= now,  # one sent under a clock that was ahead silences nothing
                )
                if connection.execute(lately).first() is not None:
                    return None
                message_id = _message_id(thing, began_at, recipient)
                added = connection.execute(
                    insert(alerts).values(
                        thing=thing,
                        began_at=began_at,
                        recipient=recipient,
                        state="claimed",
                        message_id=message_id,
                        tries=1,
                        claimed_at=now,
                    )
                )
                return Alert(new_id(added), thing, message_id, 1)
        except IntegrityError:
            return None  # another process was first, which is what the UNIQUE is for

    def sent(self, alert_id: int, now: datetime) -> None:
        """The mail server took it."""
        with self._writing() as connection:
            connection.execute(
                update(alerts)
                .where(alerts.c.id == alert_id, alerts.c.state == "claimed")
                .values(state="sent", sent_at=now, why=None)
            )

    def failed(self, alert_id: int, why: str, now: datetime) -> None:
        """The mail server did not take it; try again, waiting longer each time up to an hour."""
        with self._writing() as connection:
            tries = connection.execute(select(alerts.c.tries).where(alerts.c.id == alert_id)).scalar_one()
            wait = min(timedelta(minutes=2 ** min(tries, 6)), timedelta(hours=1))
            connection.execute(
                update(alerts)
                .where(alerts.c.id == alert_id, alerts.c.state == "claimed")
                .values(state="failed", why=why[:500], next_at=now + wait)
            )


def _message_id(thing: str, began_at: datetime, recipient: str) -> str:
    told = hashlib.sha256(f"{thing}\n{began_at.isoformat()}\n{recipient}".encode()).hexdigest()[:32]
    return f"<alert-{told}@amends.invalid>"

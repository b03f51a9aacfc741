"""Leases: which service ticks. Safety never rests on them; they only keep two services from doing the same round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select, update

from storage.casebook.shelf import Shelf
from storage.tables import leases

NOBODY = "write-check"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The row that `touch` writes: a lease of nobody's that has always ended."""


class Leases(Shelf):
    """Writes leases."""

    __slots__ = ()

    def hold(self, name: str, holder: str, now: datetime, length: timedelta) -> bool:
        """Take or renew a lease; False while another holds it. One that ends later than `length` from now was taken
        under another clock and does not count."""
        with self._writing() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
            if row is None:
                connection.execute(insert(leases).values(name=name, holder=holder, until=now + length))
                return True
            if row.holder != holder and now < row.until <= now + length:
                return False
            connection.execute(update(leases).where(leases.c.name == name).values(holder=holder, until=now + length))
            return True

    def touch(self) -> None:
        """A real write that means nothing, to see whether the base can be written. Raises BaseUnavailable.

        An update of no row would pass on a full disk: nothing is written where nothing changes.
        """
        with self._writing() as connection:
            connection.execute(delete(leases).where(leases.c.name == NOBODY))
            connection.execute(insert(leases).values(name=NOBODY, holder=NOBODY, until=LONG_AGO))

    def release(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still ours."""
        with self._writing() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    def holder(self, name: str) -> str | None:
        """Who holds a lease, even one that has ended."""
        with self._reading() as connection:
            found = connection.execute(select(leases.c.holder).where(leases.c.name == name)).scalar_one_or_none()
        return str(found) if found is not None else None

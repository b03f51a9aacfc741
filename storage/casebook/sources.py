"""Sources: when each is due, who polls it now, and how it is doing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from storage.casebook.blindness import note_window
from storage.casebook.clocks import has_come
from storage.casebook.shelf import Shelf
from storage.lifecycle import MovedOn
from storage.tables import sources
from storage.views import SourceState
from storage.words import Batch, Cause

LEASE = timedelta(minutes=2)
"""A poll that has not ended by then is taken to have died; its fence no longer counts."""


class Sources(Shelf):
    """Writes the state of sources."""

    __slots__ = ()

    def ensure(self, key: str, brand: str, place: str, every: timedelta, now: datetime) -> None:
        """Know a source, due at once when new; its rhythm follows the settings."""
        with self._writing() as connection:
            seconds = max(1, int(every.total_seconds()))
            known = connection.execute(update(sources).where(sources.c.key == key).values(every_seconds=seconds))
            if known.rowcount == 0:
                connection.execute(
                    insert(sources).values(
                        key=key,
                        brand=brand,
                        place=place,
                        every_seconds=seconds,
                        next_at=now,
                        opened_at=now,
                    )
                )

    def all(self) -> tuple[SourceState, ...]:
        """Every source, by key."""
        with self._reading() as connection:
            return all_sources(connection)

    def due(self, now: datetime) -> tuple[SourceState, ...]:
        """Sources to poll now, longest waiting first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(sources).where(has_come(sources.c.next_at, now), _free(now)).order_by(sources.c.next_at)
            ).all()
        return tuple(_state(row) for row in rows)

    def claim(self, key: str, now: datetime) -> SourceState | None:
        """Take a due source for one poll; None when another has it. The fence must be given back with the result."""
        with self._writing() as connection:
            row = connection.execute(
                select(sources).where(sources.c.key == key, has_come(sources.c.next_at, now), _free(now))
            ).one_or_none()
            if row is None:
                return None
            connection.execute(
                update(sources)
                .where(sources.c.key == key, sources.c.fence == row.fence)
                .values(fence=row.fence + 1, lease_until=now + LEASE)
            )
            return _state(row, fence=row.fence + 1)

    def failed(
        self, key: str, fence: int, why: str, retry_at: datetime, now: datetime, cause: Cause = Cause.DOWN
    ) -> None:
        """The poll failed; say why, and when to try again. A later claim makes this harmless."""
        with self._writing() as connection:
            connection.execute(
                update(sources)
                .where(sources.c.key == key, sources.c.fence == fence)
                .values(
                    last_error=why[:500],
                    last_error_at=now,
                    cause=cause,
                    failures=sources.c.failures + 1,
                    next_at=retry_at,
                    lease_until=None,
                )
            )

    def follow_failed(self, key: str, follow_at: datetime) -> None:
        """Live cases could not be looked at again by this source; not before `follow_at` is it asked once more."""
        with self._writing() as connection:
            connection.execute(
                update(sources)
                .where(sources.c.key == key)
                .values(follow_at=follow_at, follow_failures=sources.c.follow_failures + 1)
            )

    def followed(self, key: str) -> None:
        """Looking again works once more."""
        with self._writing() as connection:
            connection.execute(
                update(sources)
                .where(sources.c.key == key, sources.c.follow_failures > 0)
                .values(follow_at=None, follow_failures=0)
            )

    def free(self, fences: Mapping[str, int]) -> None:
        """Whoever polled these sources, under these fences, has died: let others at them now. Newer claims are left alone."""
        with self._writing("poll") as connection:
            for key, fence in sorted(fences.items()):
                connection.execute(
                    update(sources)
                    .where(sources.c.key == key, sources.c.fence == fence, sources.c.lease_until.is_not(None))
                    .values(lease_until=None)
                )

    def poll_now(self, now: datetime) -> None:
        """Make every source due at once: somebody asked, or the clock was moved back and plans lie too far off."""
        with self._writing("poll") as connection:
            connection.execute(update(sources).values(next_at=now, follow_at=None))


def settle(connection: Connection, key: str, fence: int, batch: Batch, now: datetime) -> None:
    """A round was recorded: move the cursor, in the same transaction. Raises MovedOn when the claim was lost.

    When it had been silent for too long, or the place shows no further back, that is written down as a window.
    """
    row = connection.execute(select(sources).where(sources.c.key == key)).one_or_none()
    if row is None or row.fence != fence:
        raise MovedOn(f"Another poll of {key} has taken over; this one is dropped.")
    note_window(connection, row, _state(row), batch, now)
    next_at = now if batch.more else now + timedelta(seconds=row.every_seconds)
    connection.execute(
        update(sources)
        .where(sources.c.key == key, sources.c.fence == fence)
        .values(
            cursor=batch.cursor,
            next_at=next_at,
            last_success_at=now,
            last_error=None,
            cause=None,
            failures=0,
            lease_until=now + LEASE if batch.more else None,
        )
    )


def _free(now: datetime) -> Any:
    # A lease that ends later than one lease from now was taken under another clock and does not count.
    return or_(
        sources.c.lease_until.is_(None),
        sources.c.lease_until <= now,
        sources.c.lease_until > now + LEASE,
    )


def all_sources(connection: Connection) -> tuple[SourceState, ...]:
    """Every source, by key."""
    rows = connection.execute(select(sources)).all()
    return tuple(_state(row) for row in sorted(rows, key=lambda row: str(row.key)))  # in every locale alike


def _state(row: Row[Any], *, fence: int | None = None) -> SourceState:
    return SourceState(
        key=row.key,
        brand=row.brand,
        place=row.place,
        cursor=row.cursor,
        every=timedelta(seconds=row.every_seconds),
        next_at=row.next_at,
        last_success_at=row.last_success_at,
        last_error=row.last_error,
        failures=row.failures,
        fence=row.fence if fence is None else fence,
        opened_at=row.opened_at,
        cause=Cause(row.cause) if row.cause else None,
        last_error_at=row.last_error_at,
        follow_at=row.follow_at,
        follow_failures=row.follow_failures,
    )

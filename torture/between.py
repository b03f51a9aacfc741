"""Between two lives of a service: hours pass in its base, and somebody looks at how its replies stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from storage.engine import Engine, reading, writing
from storage.reading import Reading
from storage.tables import leases, replies, sources
from torture.facts import MOST, is_settled

WAITS: Mapping[Any, tuple[str, ...]] = {
    replies: ("due_at", "lease_until", "look_at", "removal_due_at"),
    sources: ("next_at", "lease_until", "follow_at"),
    leases: ("until",),
}
"""Instants in the base that somebody waits for, or that waiting is counted from."""


def let_time_pass(engine: Engine, by: timedelta) -> None:
    """Set every instant that work waits for back: to the service it is as if the computer had been off for so long."""
    with writing(engine) as connection:
        for table, names in WAITS.items():
            for row in connection.execute(select(table)).all():
                moved = {name: value - by for name in names if (value := getattr(row, name)) is not None}
                key = next(iter(table.primary_key))
                connection.execute(update(table).where(key == getattr(row, key.name)).values(moved))


def reply_rows(engine: Engine) -> Sequence[Row[Any]]:
    """All replies, as they stand."""
    with reading(engine) as connection:
        return connection.execute(select(replies)).all()


def sources_read(engine: Engine) -> bool:
    """Whether there are sources, and each has been read at least once."""
    with reading(engine) as connection:
        read = connection.execute(select(sources.c.last_success_at)).scalars().all()
    return bool(read) and all(read)


def is_due(engine: Engine, now: datetime) -> bool:
    """Whether a reply is due, or going out."""
    return any((row.look_at or row.due_at) <= now for row in reply_rows(engine) if not is_settled(row))


def all_settled(engine: Engine) -> bool:
    """Whether the machine has nothing more to do."""
    return all(is_settled(row) for row in reply_rows(engine))


def cases_told(engine: Engine, now: datetime) -> set[int]:
    """Cases that Ana sees in one of her lists."""
    look = Reading(engine)
    lists = look.lists(now, limit=MOST)
    return {row.case_id for row in (*lists.parked, *lists.by_hand, *look.inbox(now, limit=MOST).rows)}

"""When a digest is due: once for every date of the owner's calendar, whatever the clocks do.

A local time that a change of the clocks leaves out is due at the first instant after the gap; one that comes twice is due the
first time. A date that a zone leaves out altogether (Samoa, 30 December 2011) has no digest.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LATE = timedelta(hours=12)
"""A digest that could not go out by then is yesterday's paper: the next one says it all."""

DAY = timedelta(days=1)


def due_instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) at which the digest of a local date is due; None when the zone has no such date."""
    wanted = datetime.combine(day, at)
    instant = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wanted:
        return instant
    return _after_gap(wanted, zone) if _has_date(day, zone) else None


def due_date(now: datetime, at: time, zone: ZoneInfo) -> date | None:
    """The local date whose digest should be out by now, or None when the last one is too late to send.

    Ask as often as you like: the date changes exactly when the next digest falls due.
    """
    today = now.astimezone(zone).date()
    for day in (today + DAY, today, today - DAY, today - 2 * DAY):
        instant = due_instant(day, at, zone)
        if instant is not None and instant <= now:
            return day if now - instant < LATE else None
    return None


def _after_gap(wanted: datetime, zone: ZoneInfo) -> datetime:
    """The first instant whose local time is past `wanted`, found by halving: the offset before a gap overshoots, the one after it undershoots."""
    before = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < wanted:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _has_date(day: date, zone: ZoneInfo) -> bool:
    """Whether any instant carries this local date. Zones change their clocks on whole minutes or seconds, never in between."""
    noon = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
    return any((noon + step * timedelta(hours=1)).astimezone(zone).date() == day for step in range(-26, 27))

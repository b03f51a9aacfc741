"""The zones of the tz database and what their clocks do, worked out from nothing but how far each is from UTC at an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Stretch:
    """From `begins` to `ends` (UTC, without saying so) local clocks show UTC plus `offset`."""

    begins: datetime
    ends: datetime
    offset: timedelta


@dataclass(frozen=True)
class Calendar:
    """What the clocks of a zone do over some years: the oracle that due dates are held against."""

    stretches: tuple[Stretch, ...]

    @property
    def changes(self) -> list[datetime]:
        """The instants at which the clocks are changed."""
        return [one.begins for one in self.stretches[1:]]

    def first_past(self, wanted: datetime) -> datetime:
        """The first instant at which local clocks show `wanted`, or have left it out."""
        return next(
            max(one.begins, wanted - one.offset)
            for one in self.stretches
            if max(one.begins, wanted - one.offset) < one.ends
        )

    def local(self, instant: datetime) -> datetime:
        """What local clocks show."""
        return next(instant + one.offset for one in self.stretches if one.begins <= instant < one.ends)

    def has(self, day: date) -> bool:
        """Whether any instant carries this date."""
        return self.local(self.first_past(datetime.combine(day, time()))).date() == day


@cache
def calendars(first_year: int, years: int) -> Mapping[Calendar, list[str]]:
    """Every zone of the database, those whose clocks do the same in these years together."""
    found: dict[Calendar, list[str]] = {}
    for name in sorted(available_timezones()):
        found.setdefault(calendar_of(ZoneInfo(name), first_year, years), []).append(name)
    return found


def calendar_of(zone: ZoneInfo, first_year: int, years: int) -> Calendar:
    """What a zone's clocks do, a few days beyond these years at either end; changes less than a day apart would be missed, and no zone has any."""
    begins = datetime.combine(date(first_year, 1, 1), time()) - 5 * DAY
    ends = datetime.combine(date(first_year + years, 1, 1), time()) + 5 * DAY
    stretches, since = [], begins
    for change in _changes(zone, begins, ends):
        stretches.append(Stretch(since, change, _offset(zone, since)))
        since = change
    return Calendar((*stretches, Stretch(since, ends, _offset(zone, since))))


def _changes(zone: ZoneInfo, begins: datetime, ends: datetime) -> Iterator[datetime]:
    step = DAY
    before, offset = begins, _offset(zone, begins)
    while before < ends:
        after = before + step
        if (changed := _offset(zone, after)) != offset:
            yield _between(zone, before, after)
        before, offset = after, changed


def _between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = _offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset

"""Ana's digest is due once for every date of her calendar, whatever the clocks of her zone do.

Three years, four local times, every zone of the tz database, every date by itself; zones whose clocks do the same in these years are tried
as one. The instant is held against an oracle that knows no local times, only how far a zone is from UTC and since when.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.digest.due import LATE, due_date, due_instant
from tests.time.zones import DAY, SECOND, calendar_of, calendars

FIRST_YEAR, YEARS = 2024, 3
TIMES = (time(0, 0), time(2, 30), time(8, 0), time(23, 30))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DATES = [date(FIRST_YEAR, 1, 1) + number * DAY for number in range(366 + 365 + 365)]


def told_by_a_service(instants: Iterator[datetime], at: time, zone: ZoneInfo) -> list[date]:
    """The dates that a service sends a digest for, looking at these instants: each one that it has not sent yet."""
    told: list[date] = []
    for instant in instants:
        day = due_date(instant, at, zone)
        if day is not None and day not in told:
            told.append(day)
    return told


def test_every_zone_of_the_database_is_tried() -> None:
    known = calendars(FIRST_YEAR, YEARS)
    assert sorted(itertools.chain.from_iterable(known.values())) == sorted(available_timezones())
    assert sum(bool(calendar.changes) for calendar in known) > 30, "zones do change their clocks"


def test_three_years_of_digests_in_every_zone_at_four_times_of_the_day() -> None:
    for calendar, names in calendars(FIRST_YEAR, YEARS).items():
        zone = ZoneInfo(names[0])
        for at in TIMES:
            dues = [due_instant(day, at, zone) for day in DATES]
            wanted = [calendar.first_past(datetime.combine(day, at)).replace(tzinfo=UTC) for day in DATES]
            assert dues == wanted, (names, at)
            assert wanted == sorted(set(wanted)), "each date has an instant of its own, in the order of dates"


def test_around_every_change_of_the_clocks_a_service_sends_each_date_once_and_in_its_order() -> None:
    changes = 0
    for calendar, names in calendars(FIRST_YEAR, YEARS).items():
        zone = ZoneInfo(names[0])
        for change, at in itertools.product(calendar.changes, TIMES):
            days = [calendar.local(change).date() + step * DAY for step in (-1, 0, 1, 2)]
            dues = [calendar.first_past(datetime.combine(day, at)) for day in days]
            told = told_by_a_service(looked_at(change, dues), at, zone)
            assert [day for day in told if day in days] == days, (names, change, at)
            for day, due in zip(days, dues, strict=True):
                assert due_date((due - SECOND).replace(tzinfo=UTC), at, zone) != day, (names, day, at)
                assert due_date(due.replace(tzinfo=UTC), at, zone) == day, (names, day, at)
            changes += 1
    assert changes > 500


def looked_at(change: datetime, dues: list[datetime]) -> Iterator[datetime]:
    """Every two hours, and right before and after whatever happens."""
    moments = [change, *dues]
    ticks = {dues[0] + step * HOUR for step in range(0, 80, 2)}
    for instant in sorted(ticks | {one + late for one in moments for late in (-SECOND, timedelta(0), SECOND)}):
        yield instant.replace(tzinfo=UTC)


@settings(derandomize=True, deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones())),
    day=st.dates(date(2000, 1, 1), date(2037, 12, 1)),
    at=st.times().map(lambda one: one.replace(microsecond=0, tzinfo=None)),
)
def test_a_year_and_a_zone_at_random_skip_and_double_nothing(zone: str, day: date, at: time) -> None:
    info = ZoneInfo(zone)
    calendar = calendar_of(info, day.year, 1)
    start = datetime.combine(day, time(), tzinfo=UTC)
    told = told_by_a_service((start + step * HOUR / 2 for step in range(48 * 4)), at, info)
    local = calendar.local(start.replace(tzinfo=None)).date()
    whole = [local + step * DAY for step in (1, 2)]  # dates whose due time lies within the four days wherever it is
    assert [one for one in told if one in whole] == [one for one in whole if calendar.has(one)]
    assert told == sorted(set(told))


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Asia/Beirut", date(2026, 3, 29), time(0, 0), datetime(2026, 3, 28, 22, 0, tzinfo=UTC)),
        ("America/Nuuk", date(2024, 3, 30), time(23, 30), datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Asia/Kolkata", date(2026, 7, 1), time(8, 0), datetime(2026, 7, 1, 2, 30, tzinfo=UTC)),
    ],
)
def test_known_days_have_their_known_instant(zone: str, day: date, at: time, instant: datetime) -> None:
    assert due_instant(day, at, ZoneInfo(zone)) == instant


def test_a_time_that_comes_twice_is_due_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    told = told_by_a_service((start + step * 5 * MINUTE for step in range(20 * 12)), time(2, 30), berlin)
    assert told == [date(2026, 10, 24), date(2026, 10, 25)][-len(told) :]
    assert told.count(date(2026, 10, 25)) == 1


@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize(
    ("zone", "missing"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Fakaofo", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
        ("Pacific/Enderbury", date(1994, 12, 31)),
    ],
)
def test_a_date_that_a_zone_left_out_has_no_digest_and_its_neighbours_have_theirs(
    zone: str, missing: date, at: time
) -> None:
    info = ZoneInfo(zone)
    assert not calendar_of(info, missing.year, 1).has(missing)
    assert due_instant(missing, at, info) is None
    start = datetime.combine(missing, time(), tzinfo=UTC) - 4 * DAY
    told = told_by_a_service((start + step * HOUR for step in range(24 * 9)), at, info)
    around = [missing + step * DAY for step in (-2, -1, 1, 2)]
    assert [day for day in told if abs(day - missing) <= 2 * DAY] == around


def test_a_service_that_was_off_at_eight_sends_when_it_is_back() -> None:
    bucharest = ZoneInfo("Europe/Bucharest")
    eight = due_instant(date(2026, 11, 22), time(8), bucharest)
    assert eight is not None
    assert due_date(eight + 3 * HOUR, time(8), bucharest) == date(2026, 11, 22)


def test_yesterdays_paper_is_not_sent() -> None:
    bucharest = ZoneInfo("Europe/Bucharest")
    eight = due_instant(date(2026, 11, 22), time(8), bucharest)
    assert eight is not None
    assert due_date(eight - timedelta(seconds=1), time(8), bucharest) is None
    assert due_date(eight + LATE, time(8), bucharest) is None

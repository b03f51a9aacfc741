"""Ana's digest comes once for every date of her calendar, whatever the clocks of her zone do."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.digest.due import LATE, due_date, due_instant

ZONES = sorted(available_timezones())
YEARS = (2024, 2025, 2026)
TIMES = (time(0, 0), time(0, 30), time(2, 30), time(8, 0), time(23, 30))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@cache
def transition_days(zone: str) -> tuple[date, ...]:
    """The local dates on which a zone changes its clocks in the years tested."""
    info = ZoneInfo(zone)
    instant, last = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC)
    days: set[date] = set()
    while instant < last:
        if instant.astimezone(info).utcoffset() != (instant + DAY).astimezone(info).utcoffset():
            days |= {(instant + step * DAY).astimezone(info).date() for step in (-1, 0, 1, 2)}
        instant += DAY
    return tuple(sorted(days))


def dates_told(start: datetime, end: datetime, at: time, zone: ZoneInfo, step: timedelta) -> Iterator[date]:
    """The dates that a service, ticking once per `step`, sends a digest for: each one that it has not sent yet."""
    told: set[date] = set()
    instant = start
    while instant < end:
        day = due_date(instant, at, zone)
        if day is not None and day not in told:
            told.add(day)
            yield day
        instant += step


def test_every_zone_on_every_day_that_changes_the_clocks_has_one_digest_a_date() -> None:
    seen = 0
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in transition_days(name):
            for at in TIMES:
                instants = [due_instant(one, at, zone) for one in (day - DAY, day, day + DAY)]
                assert all(instants), (name, day, at)
                first, second, third = (instant for instant in instants if instant is not None)
                assert first < second < third, (name, day, at)
                seen += 1
    assert seen > 3_000, "zones do change their clocks"


def test_a_digest_never_comes_before_its_time_and_comes_with_the_first_instant_after() -> None:
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in transition_days(name):
            for at in TIMES:
                instant = due_instant(day, at, zone)
                assert instant is not None
                wanted = datetime.combine(day, at)
                local = instant.astimezone(zone).replace(tzinfo=None)
                before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
                assert local >= wanted, (name, day, at)
                assert before < wanted, (name, day, at)


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2000, 1, 1), date(2037, 12, 1)),
    at=st.times(),
)
def test_a_year_and_a_zone_at_random_skip_and_double_nothing(zone: str, day: date, at: time) -> None:
    info = ZoneInfo(zone)
    at = at.replace(microsecond=0, tzinfo=None)
    start = datetime.combine(day, time(0), tzinfo=UTC)
    told = list(dates_told(start, start + 5 * DAY, at, info, timedelta(minutes=20)))
    assert told == sorted(set(told))
    gaps = {later - earlier for earlier, later in itertools.pairwise(told)}
    if zone not in ("Pacific/Apia", "Pacific/Fakaofo", "Pacific/Kwajalein", "Kwajalein"):
        assert gaps <= {DAY}, (zone, told)


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
    told = list(dates_told(start, start + timedelta(hours=20), time(2, 30), berlin, timedelta(minutes=5)))
    assert told == [date(2026, 10, 24), date(2026, 10, 25)][-len(told) :]
    assert told.count(date(2026, 10, 25)) == 1


def test_a_date_that_samoa_left_out_has_no_digest_and_its_neighbours_have_theirs() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert due_instant(date(2011, 12, 30), time(8), apia) is None
    start = datetime(2011, 12, 29, 0, tzinfo=UTC)
    told = list(dates_told(start, start + 3 * DAY, time(8), apia, HOUR))
    assert told == [date(2011, 12, 28), date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)][-len(told) :]
    assert date(2011, 12, 30) not in told


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

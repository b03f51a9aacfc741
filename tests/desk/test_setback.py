"""The computer's clock is set, back or forward, while Amends runs or while it is off: nothing waits for long, and no hold is cut short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.clock import ClockWatch
from desk.setback import put_right, watch_clock
from desk.ticker import Ticker
from desk.wiring import House
from desk.work import DueWork
from storage.engine import BaseUnavailable

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = "x:mentions:rosebakery"


class Clocks:
    """Two clocks in the hand of a test: the one people set, and the one nobody can."""

    def __init__(self, wall: datetime = NOON) -> None:
        self.wall, self.ticked = wall, 0.0

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.wall, lambda: self.ticked)

    def set(self, by: timedelta) -> None:
        self.wall += by


def test_a_clock_set_back_while_amends_was_off_is_noticed_at_the_next_start(house: House) -> None:
    house.casebook.sources.ensure(SOURCE, "rosebakery", "x", timedelta(minutes=2), NOON)
    weeks_ahead = Clocks(NOON + timedelta(days=21))
    watch_clock(weeks_ahead.watch(), house)
    house.casebook.sources.poll_now(weeks_ahead.wall)
    watch_clock(Clocks().watch(), house)
    assert [state.key for state in house.casebook.sources.due(NOON)] == [SOURCE]
    assert house.troubles() == ("The computer's clock was set back by 30240 min. Nothing was posted twice or lost.",)


@pytest.mark.parametrize("apart", [timedelta(seconds=1), timedelta(seconds=59), timedelta(minutes=9)])
def test_another_machine_whose_clock_is_a_little_behind_is_no_clock_set_back(house: House, apart: timedelta) -> None:
    watch_clock(Clocks().watch(), house)
    watch_clock(Clocks(NOON - apart).watch(), house)
    assert house.troubles() == ()


def test_a_jump_is_put_right_before_any_work_is_looked_for(house: House) -> None:
    clocks, seen = Clocks(), list[timedelta | None]()
    watch = clocks.watch()
    ticker = Ticker(house, (DueWork("post", lambda _house, _now: 0),), watch)
    ticker.keep_watch()

    def look(house: House, _: datetime) -> int:
        seen.append(put_right(watch, house))
        return 1

    clocks.set(timedelta(hours=1))
    ticker.tick(DueWork("post", look))
    assert seen == [timedelta(0)], "it was put right before the work began"


def test_a_jump_that_the_base_did_not_take_is_found_again_and_nothing_is_done_until_then(house: House) -> None:
    clocks, done = Clocks(), list[datetime]()
    watch = clocks.watch()
    ticker = Ticker(house, (), watch)
    ticker.keep_watch()
    clocks.set(timedelta(hours=1))
    path = Path(house.settings.database_name)
    moved = path.rename(path.with_name("elsewhere"))

    def do(_: House, now: datetime) -> int:
        done.append(now)
        return 1

    work = DueWork("post", do)
    ticker.tick(work)
    assert done == []
    with pytest.raises(BaseUnavailable):
        house.casebook.can_write()
    moved.rename(path)
    ticker.tick(work)
    assert len(done) == 1
    assert watch.settle(lambda _: None) == timedelta(0)

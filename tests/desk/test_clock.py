"""The computer's clock may be set; the service notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from desk.clock import JUMP, ClockWatch

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clocks:
    """Two clocks in the hand of a test."""

    def __init__(self) -> None:
        self.wall = NOON
        self.ticked = 1000.0

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.wall, lambda: self.ticked)

    def pass_time(self, seconds: float, wall: float | None = None) -> None:
        self.ticked += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)


def test_time_that_passes_is_no_jump() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    for _ in range(5):
        assert watch.look() == timedelta(0)
        clocks.pass_time(3600)


def test_a_clock_set_back_an_hour_is_noticed_once() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    watch.look()
    clocks.pass_time(10, wall=10 - 3600)
    assert watch.look() == timedelta(hours=-1)
    clocks.pass_time(10)
    assert watch.look() == timedelta(0)


def test_a_clock_set_forward_is_told_from_one_set_back() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    watch.look()
    clocks.pass_time(10, wall=10 + 86400)
    assert watch.look() == timedelta(days=1)


def test_ordinary_slewing_is_no_jump() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    for _ in range(100):
        watch.look()
        clocks.pass_time(10, wall=10 - JUMP.total_seconds() / 2)
        assert watch.look() == timedelta(0)

"""Workers killed again and again in front of real customers; `python -m torture.workers` goes on with it for as long as one likes."""

from __future__ import annotations

import pytest

from torture.street import Readings
from torture.workers import run
from torture.workers_result import WorkersResult


def seen(*readings: tuple[str, float, float]) -> Readings:
    """What a platform saw: who was read, from when to when."""
    watched = Readings()
    for source, begun, ended in readings:
        watched.add(source, begun, ended)
    return watched


def test_two_who_read_one_source_at_once_are_seen() -> None:
    assert seen(("x", 0, 2), ("x", 1, 3), ("reddit", 1, 2)).overlapping() == 1
    assert seen(("x", 1, 3), ("x", 0, 4), ("x", 5, 6)).overlapping() == 1
    assert seen(("x", 0, 1), ("x", 1, 2), ("reddit", 0.5, 1.5)).overlapping() == 0


def test_the_longest_gap_is_seen_also_when_nobody_ever_came_back() -> None:
    watched = seen(("x", 0, 1), ("x", 3, 4), ("reddit", 1, 2))
    assert watched.longest_gap(until=4) == (3, "x")
    assert watched.longest_gap(until=9) == (8, "reddit")


@pytest.fixture(scope="module")
def result(postgres_server: str) -> WorkersResult:
    """Six seconds of it, with two kills and the queue emptied three times."""
    return run(0.12, 7, postgres_server, lambda _part, _says: None)


def test_killed_workers_lose_and_double_nothing(result: WorkersResult) -> None:
    assert result.found == {}, result.says
    assert result.mistakes == ()
    assert result.kills >= 2
    assert result.wanted >= 1
    assert result.posted + result.parked == result.wanted == result.refused_clicks


def test_no_source_is_read_by_two_at_once(result: WorkersResult) -> None:
    assert result.polls >= 24
    assert result.overlapping == 0
    assert result.holds

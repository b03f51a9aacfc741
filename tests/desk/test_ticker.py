"""The ticker: every kind of work by itself, one service at a time, and a clock that may be set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import structlog
import structlog.testing

from desk.clock import ClockWatch, utc_now
from desk.config import Filter, Settings
from desk.ticker import Shift, Ticker
from desk.wiring import House, open_house
from desk.work import DUE_WORK, DueWork, do_work
from storage.casebook import Judged
from storage.engine import BaseUnavailable
from storage.words import Author, Kind, Post, Topic, Verdict

SOON = 5.0
"""Seconds to wait for what should happen at once, on a machine that does much else."""


class Counted:
    """A kind of work that counts how often it was looked for."""

    def __init__(self, name: str, trouble: BaseException | None = None) -> None:
        self.times = 0
        self.trouble = trouble
        self.work = DueWork(name, self._do)

    def _do(self, _house: House, now: datetime) -> int:
        assert now.tzinfo is UTC
        self.times += 1
        if self.trouble is not None:
            raise self.trouble
        return 1


def eventually(what: Callable[[], object]) -> bool:
    """Whether it becomes true soon."""
    last = time.monotonic() + SOON
    while not what() and time.monotonic() < last:
        time.sleep(0.01)
    return bool(what())


def quick(house: House) -> House:
    """The house, looking for work many times a second."""
    service = house.settings.service.model_copy(update={"tick": timedelta(milliseconds=30)})
    house.settings = house.settings.model_copy(update={"service": service})
    return house


@contextmanager
def ticking(house: House, *works: DueWork, clock: ClockWatch | None = None) -> Iterator[Ticker]:
    """A ticker that ends with the test."""
    ticker = Ticker(quick(house), works, clock)
    ticker.start()
    try:
        yield ticker
    finally:
        ticker.end(timedelta(seconds=1))


def test_every_kind_of_work_is_looked_for_in_its_order() -> None:
    names = [work.name for work in DUE_WORK]
    assert names == [
        "accounts",
        "poll",
        "follow",
        "again",
        "learn",
        "propose",
        "post",
        "look",
        "remove",
        "older",
        "forget",
        "digest",
        "alert",
    ]


@pytest.mark.parametrize(
    "trouble",
    [RuntimeError("broken"), KeyError("x"), BaseUnavailable("The disk is full."), RecursionError(), MemoryError()],
)
def test_work_that_fails_never_stops_the_others_and_is_tried_again(house: House, trouble: BaseException) -> None:
    bad, good = Counted("bad", trouble), Counted("good")
    with ticking(house, bad.work, good.work):
        assert eventually(lambda: good.times >= 3 and bad.times >= 3)


@pytest.mark.parametrize("trouble", [RuntimeError("broken"), BaseUnavailable("The disk is full.")])
def test_work_that_fails_is_told_in_the_log_and_did_nothing(house: House, trouble: BaseException) -> None:
    told = structlog.testing.LogCapture()
    log = structlog.wrap_logger(
        None, [told], structlog.make_filtering_bound_logger(0)
    )  # whatever others have configured
    assert do_work(Counted("broken", trouble).work, house, utc_now(), log) is None
    (line,) = told.entries
    assert line["work"] == "broken"
    assert line["log_level"] in ("error", "warning")


def test_a_site_that_hangs_never_holds_up_a_reply(house: House) -> None:
    over = threading.Event()
    hangs = DueWork("poll", lambda _house, _now: int(over.wait(SOON)))
    post = Counted("post")
    with ticking(house, hangs, post.work):
        assert eventually(lambda: post.times >= 3)
        over.set()


def test_work_that_takes_long_is_not_begun_twice(house: House) -> None:
    over, running, most = threading.Event(), [0], [0]

    def slow(_house: House, _now: datetime) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        over.wait(0.3)
        running[0] -= 1
        return 1

    other = Counted("other")
    with ticking(house, DueWork("slow", slow), other.work):
        assert eventually(lambda: other.times >= 8)
        over.set()
    assert most == [1]


def test_of_two_services_on_one_base_one_ticks_and_the_other_takes_over(house: House, settings: Settings) -> None:
    first, second = Counted("first"), Counted("second")
    neighbour = open_house(settings, environ={})
    try:
        with ticking(neighbour, second.work):
            assert eventually(lambda: second.times >= 1)
            with ticking(house, first.work):
                before = second.times
                assert eventually(lambda: second.times >= before + 5)
                assert first.times == 0, "the second to come only serves pages"
        with ticking(house, first.work):
            assert eventually(lambda: first.times >= 1), "a lease that was given back is taken at once"
    finally:
        neighbour.close()


def test_a_service_that_died_is_followed_when_its_lease_ends(house: House, settings: Settings) -> None:
    neighbour = open_house(settings, environ={})
    length = timedelta(milliseconds=300)
    dead, heir = Shift(neighbour, length), Shift(house, length)
    dead.renew()
    heir.renew()
    assert dead.mine
    assert not heir.mine
    neighbour.close()  # it never says goodbye

    def taken_over() -> bool:
        heir.renew()
        return heir.mine

    assert eventually(taken_over)
    assert not dead.mine, "by then the dead one would know that its lease has ended"


def test_ending_waits_for_work_and_says_what_it_had_to_leave(house: House) -> None:
    begun, over = threading.Event(), threading.Event()

    def hang(_house: House, _now: datetime) -> int:
        begun.set()
        over.wait(SOON)
        return 0

    ticker = Ticker(quick(house), [DueWork("post", hang)])
    ticker.start()
    assert begun.wait(SOON)
    began = time.monotonic()
    assert ticker.end(timedelta(milliseconds=100)) == ("post",)
    assert time.monotonic() - began < 1
    over.set()


def test_ending_lets_work_finish_that_is_nearly_done(house: House) -> None:
    begun, done = threading.Event(), threading.Event()

    def finish(_house: House, _now: datetime) -> int:
        begun.set()
        time.sleep(0.1)
        done.set()
        return 1

    ticker = Ticker(quick(house), [DueWork("post", finish)])
    ticker.start()
    assert begun.wait(SOON)
    assert ticker.end(timedelta(seconds=SOON)) == ()
    assert done.is_set()


def test_after_the_end_nothing_is_begun(house: House) -> None:
    work = Counted("post")
    with ticking(house, work.work) as ticker:
        assert eventually(lambda: work.times)
    done = work.times
    ticker.tick(work.work)
    assert work.times == done


def test_a_clock_set_back_an_hour_is_told_and_polling_goes_on_at_once(house: House) -> None:
    ahead = [timedelta(hours=1)]
    clock = ClockWatch(lambda: utc_now() + ahead[0], time.monotonic)
    house.casebook.sources.ensure(
        "x:mentions:rosebakery", "rosebakery", "x", timedelta(minutes=2), utc_now() + ahead[0]
    )
    assert house.casebook.sources.due(utc_now()) == ()
    ticker = Ticker(house, (), clock)
    ticker.keep_watch()
    ahead[0] = timedelta(0)
    ticker.keep_watch()
    assert house.troubles() == ("The computer's clock was set back by 60 min. Nothing was posted twice or lost.",)
    assert [state.key for state in house.casebook.sources.due(utc_now())] == ["x:mentions:rosebakery"]
    ticker.keep_watch()
    assert len(house.notices) == 1


def test_a_renewal_that_comes_late_does_not_take_back_a_lease_that_was_given_away(
    house: House, settings: Settings
) -> None:
    neighbour = open_house(settings, environ={})
    ending, heir = Shift(neighbour, timedelta(minutes=1)), Shift(house, timedelta(minutes=1))
    ending.renew()
    ending.end()
    ending.renew()
    heir.renew()
    assert heir.mine
    assert not ending.mine
    neighbour.close()


def test_what_told_of_health_is_erased_as_long_after_as_the_settings_say(house: House) -> None:
    found = datetime(2026, 11, 22, 12, tzinfo=UTC)
    brand = next(iter(house.brands))
    ill = Post("paste", "p1", Author("c1", "cora"), "The nuts brought me to hospital", found, "p1")
    verdict = Verdict(Kind.CHATTER, 0.9, "en", -0.6, Topic.OTHER, 1, (), sensitive=True)
    house.casebook.rounds.record_import(brand, [Judged(ill, verdict)], found)
    work = next(one for one in DUE_WORK if one.name == "forget")
    house.settings = house.settings.model_copy(update={"filter": Filter(forget_health_after=timedelta(days=3))})
    log = structlog.get_logger()
    assert do_work(work, house, found + timedelta(days=2), log) == 0
    assert do_work(work, house, found + timedelta(days=4), log) == 1

"""A wake-up is part of the transaction that made the work: there with it, gone with it, and never in its way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk.clock import utc_now
from desk.scaled.jobs import KEYED, TICK
from desk.scaled.waking import open_wake
from desk.wiring import House
from desk.work import DUE_WORK
from storage.engine import writing
from storage.lifecycle import MovedOn
from tests.scaled.conftest import proposed, rows, tell, waiting

HOLD = timedelta(minutes=1)


def approve(house: House, proposal: int) -> int:
    """Ana says yes."""
    return house.casebook.replies.approve(proposal, 1, "person:1", utc_now(), hold=HOLD)


def clear(house: House) -> None:
    """Nothing waits."""
    tell(house, "DELETE FROM procrastinate_jobs")


def test_a_yes_wakes_the_workers_once_however_often_it_is_said(house: House) -> None:
    proposal = proposed(house)
    clear(house)
    approve(house, proposal)
    assert waiting(house) == [("amends.tick", {"timestamp": 0})]
    with pytest.raises(MovedOn):
        approve(house, proposal)
    assert waiting(house) == [("amends.tick", {"timestamp": 0})]


def test_a_wake_up_is_gone_with_the_transaction_that_is_taken_back(house: House) -> None:
    wake = open_wake()

    def change_ones_mind() -> None:
        with writing(house.engine) as connection:
            wake(connection, ["post"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_ones_mind()
    assert waiting(house) == []
    with writing(house.engine) as connection:
        wake(connection, ["post"])
    assert waiting(house) == [("amends.tick", {"timestamp": 0})]


def test_where_one_waits_already_none_is_added_and_what_is_being_stored_is_stored(house: House) -> None:
    first, second = proposed(house, 1), proposed(house, 2)
    clear(house)
    approve(house, first)
    approve(house, second)
    assert waiting(house) == [("amends.tick", {"timestamp": 0})]
    assert rows(house, "SELECT count(*) FROM replies WHERE state = 'approved'") == [(2,)]
    assert rows(house, "SELECT count(*) FROM history WHERE thing = 'reply'") == [(2,)]


def test_what_runs_already_does_not_keep_the_next_from_being_queued(house: House) -> None:
    first, second = proposed(house, 1), proposed(house, 2)
    clear(house)
    approve(house, first)
    tell(house, "UPDATE procrastinate_jobs SET status = 'doing'")
    approve(house, second)
    assert waiting(house) == [("amends.tick", {"timestamp": 0})]


def test_a_yes_holds_also_when_nobody_can_be_woken(house: House) -> None:
    proposal = proposed(house)
    tell(house, "ALTER FUNCTION procrastinate_defer_jobs_v1 RENAME TO not_there")
    approve(house, proposal)
    assert rows(house, "SELECT state FROM replies") == [("approved",)]


def test_asking_for_a_poll_wakes_the_tick_which_knows_the_sources(house: House) -> None:
    house.casebook.sources.poll_now(utc_now())
    assert waiting(house) == [("amends.tick", {"timestamp": 0})]


def test_jobs_carry_a_name_and_a_key_and_nothing_that_people_wrote(house: House) -> None:
    approve(house, proposed(house))
    house.casebook.pauses.resume("*", "person:1", utc_now())
    told = rows(house, "SELECT task_name, lock, queueing_lock, args::text FROM procrastinate_jobs ORDER BY 1")
    assert told == [
        ("amends.propose", "propose", "propose", "{}"),
        ("amends.remove", "remove", "remove", "{}"),
        ("amends.tick", None, "tick", '{"timestamp": 0}'),
    ]


def test_whatever_wakes_is_work_that_there_is(house: House) -> None:
    known = {work.name for work in DUE_WORK}
    approve(house, proposed(house))
    house.casebook.pauses.resume("*", "person:1", utc_now())
    house.casebook.sources.poll_now(utc_now())
    assert known >= KEYED
    assert {name.removeprefix("amends.") for name, _ in waiting(house)} <= known | {TICK}

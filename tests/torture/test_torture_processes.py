"""The desks with real processes: their judge has eyes, and hours pass in the base. The kills themselves are `amends-torture`'s, in CI too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import insert

from storage.engine import Engine, open_engine, writing
from storage.migrate import upgrade
from storage.tables import brands, sources
from torture.ana import Yes
from torture.between import let_time_pass, sources_read
from torture.jobs import job_of, processes
from torture.processes import KILLS_EACH, Desk
from torture.quarter import PLACES, Quarter
from torture.sites import KEY, SITES
from torture.tally import PROCESSES

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, Random(1), "", "process#1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'amends.sqlite'}"
    upgrade(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


def wrong(desk: Desk, kept: dict[int, str]) -> list[str]:
    return [finding.what for finding in desk.judge_yeses(kept)]


def test_a_yes_that_the_page_confirmed_and_the_base_does_not_know_is_lost(desk: Desk) -> None:
    desk.yeses = [Yes(1, "I am sorry, Cora.", sure=True)]
    assert wrong(desk, {}) == ["lost"]
    assert wrong(desk, {1: "I am sorry, Cora."}) == []


def test_a_yes_whose_page_never_came_may_be_there_or_not(desk: Desk) -> None:
    desk.yeses = [Yes(1, "I am sorry, Cora.", sure=False)]
    assert wrong(desk, {}) == wrong(desk, {1: "I am sorry, Cora."}) == []


def test_what_nobody_pressed_for_is_found(desk: Desk) -> None:
    desk.yeses = [Yes(1, "I am sorry, Cora.", sure=False)]
    assert wrong(desk, {1: "We are sorry."}) == ["wrong_text"]
    assert wrong(desk, {2: "I am sorry, Cora."}) == ["wrong_text"]


def test_hours_pass_for_whatever_waits(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(brands).values(key=KEY, details={}, locked=True, changed_at=NOON))
        connection.execute(
            insert(sources).values(
                key="x",
                brand=KEY,
                place="x",
                every_seconds=60,
                next_at=NOON,
                opened_at=NOON,
                lease_until=None,
                follow_at=NOON,
            )
        )
    let_time_pass(engine, timedelta(hours=1))
    with writing(engine) as connection:
        row = connection.execute(sources.select()).one()
    assert (row.next_at, row.follow_at, row.lease_until) == (NOON - timedelta(hours=1), NOON - timedelta(hours=1), None)
    assert row.opened_at == NOON
    assert not sources_read(engine)


def test_a_quarter_has_four_platforms_and_knows_what_stands_there(tmp_path: Path) -> None:
    with Quarter(tmp_path, Random(3)) as quarter:
        quarter.complain(8)
        assert set(quarter.urls) == set(PLACES) == set(SITES)
        assert all(quarter.stands(place) == [] for place in PLACES)


def test_kills_are_shared_among_desks_that_can_be_had_again() -> None:
    jobs = list(processes(40))
    assert len(jobs) * KILLS_EACH >= 40 > (len(jobs) - 1) * KILLS_EACH
    assert {job.part for job in jobs} == {PROCESSES}
    assert job_of(f"process#{jobs[-1].number}", PLACES) == jobs[-1]

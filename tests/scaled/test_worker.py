"""Workers: what is due gets done, once at a time, whatever becomes of the queue, the server or a neighbour."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from desk.clock import ClockWatch, utc_now
from desk.scaled.app import cron_of
from desk.scaled.worker import Worker
from desk.wiring import House
from desk.work import DueWork
from storage.engine import writing
from tests.databases import tell_server
from tests.scaled.conftest import (
    POLLS,
    POSTS,
    SELDOM,
    Counted,
    Letterbox,
    Site,
    add_site,
    eventually,
    opened,
    proposed,
    rows,
    settings_at,
    tell,
    wake_up,
    working,
)


@pytest.mark.parametrize(
    ("seconds", "cron"),
    [
        (0.2, "* * * * * */1"),
        (1, "* * * * * */1"),
        (5, "* * * * * */5"),
        (7, "* * * * * */6"),
        (59, "* * * * * */30"),
        (60, "* * * * * 0"),
        (3600, "* * * * * 0"),
    ],
)
def test_a_tick_is_never_rarer_than_it_was_asked_for(seconds: float, cron: str) -> None:
    assert cron_of(timedelta(seconds=seconds)) == cron


def test_the_tick_finds_all_kinds_of_work_again_and_again(house: House) -> None:
    kinds = [Counted("propose"), Counted("remove"), Counted("look")]
    with working(Worker(house, [kind.work for kind in kinds])):
        assert eventually(lambda: all(kind.times >= 2 for kind in kinds))


def test_what_is_woken_is_done_at_once_and_needs_no_tick(migrated_postgres_url: str, tmp_path: Path) -> None:
    post = Counted("propose")
    with (
        opened(settings_at(migrated_postgres_url, tmp_path, tick=SELDOM)) as house,
        working(Worker(house, [post.work])),
    ):
        assert eventually(lambda: post.times == 1), "the first tick is not waited for"
        wake_up(house, "propose")
        assert eventually(lambda: post.times == 2, within=5.0)
        wake_up(house, "propose")
        assert eventually(lambda: post.times == 3, within=5.0)


def test_a_source_is_polled_in_its_own_rhythm_by_one_worker_at_a_time(house: House) -> None:
    site = add_site(house, Site("slow", slow=0.3))
    with working(*(Worker(house, POLLS) for _ in range(3))):
        assert eventually(lambda: len(site.reads) >= 2)
    assert site.most_at_once == 1


def test_sources_are_polled_beside_each_other(house: House) -> None:
    over = threading.Event()
    sites = [add_site(house, Site(f"site:{number}", hold=over)) for number in range(6)]
    try:
        with working(Worker(house, POLLS), Worker(house, POLLS)):
            assert eventually(lambda: all(site.at_once for site in sites))
            over.set()
    finally:
        over.set()


def test_replies_go_out_one_after_the_other_for_an_account_and_beside_each_other_for_two(house: House) -> None:
    letterboxes = [Letterbox("import"), Letterbox("paste")]
    house.publishers = {("rosebakery", one.place): one for one in letterboxes}  # type: ignore[misc]  # it posts and no more
    over = letterboxes[0].hold = letterboxes[1].hold = threading.Event()
    with working(Worker(house, POSTS), Worker(house, POSTS), Worker(house, POSTS)):
        for number in range(6):
            one = proposed(house, number, letterboxes[number % 2].place)
            house.casebook.replies.approve(one, 1, "person:1", utc_now(), hold=timedelta(0))
        assert eventually(lambda: all(one.at_once for one in letterboxes)), "neither waits for the other"
        over.set()
        assert eventually(lambda: rows(house, "SELECT count(*) FROM replies WHERE state = 'posted'") == [(6,)])
    assert [one.most_at_once for one in letterboxes] == [1, 1]
    assert sorted(text for one in letterboxes for text in one.texts) == [
        f"We are sorry that your bread was burnt ({number})." for number in range(6)
    ]


def test_a_yes_without_a_hold_goes_out_at_once_and_needs_no_tick(migrated_postgres_url: str, tmp_path: Path) -> None:
    letterbox = Letterbox("import")
    with opened(settings_at(migrated_postgres_url, tmp_path, tick=SELDOM)) as house:
        house.publishers = {("rosebakery", "import"): letterbox}  # type: ignore[dict-item]  # it posts and no more
        one, ready = proposed(house), Counted("remove")
        with working(Worker(house, [*POSTS, ready.work])):
            assert eventually(lambda: ready.times)
            house.casebook.replies.approve(one, 1, "person:1", utc_now(), hold=timedelta(0))
            assert eventually(lambda: letterbox.texts, within=5.0)


def test_losing_every_job_again_and_again_loses_nothing(house: House) -> None:
    post, site = Counted("propose"), add_site(house, Site("site"))
    with working(Worker(house, [*POLLS, post.work])):
        for _ in range(2):
            post.times, site.reads = 0, []
            assert eventually(lambda: post.times and site.reads)
            tell(house, "DELETE FROM procrastinate_jobs")


def test_the_same_work_is_not_done_twice_at_once(house: House) -> None:
    running, most, done = [0], [0], [0]

    def slow(_house: House, _now: datetime) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        threading.Event().wait(0.2)
        running[0] -= 1
        done[0] += 1
        return 0

    with working(*(Worker(house, [DueWork("look", slow)]) for _ in range(3))):
        for _ in range(15):
            wake_up(house, "look")
            threading.Event().wait(0.05)
        assert eventually(lambda: done[0] >= 4)
    assert most == [1]


def test_work_that_fails_is_tried_again_and_stops_no_other(house: House) -> None:
    tried, other = [0], Counted("remove")

    def fails(_house: House, _now: datetime) -> int:
        tried[0] += 1
        raise ValueError("the site sent something odd")

    with working(Worker(house, [DueWork("look", fails), other.work])):
        assert eventually(lambda: tried[0] >= 2 and other.times >= 2)


def test_done_jobs_leave_nothing_behind(house: House) -> None:
    post = Counted("propose")
    with working(Worker(house, [post.work])):
        assert eventually(lambda: post.times >= 2)
    assert rows(house, "SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('todo')") == [(0,)]
    assert rows(house, "SELECT count(*) FROM procrastinate_workers") == [(0,)], "and a worker that ended is none"


def test_ending_waits_for_what_is_nearly_done(house: House) -> None:
    begun, finished = threading.Event(), threading.Event()

    def takes_a_moment(_house: House, _now: datetime) -> int:
        begun.set()
        threading.Event().wait(0.5)
        finished.set()
        return 1

    worker = Worker(house, [DueWork("look", takes_a_moment)])
    worker.start()
    assert begun.wait(20)
    assert worker.end(timedelta(seconds=10)) == ()
    assert finished.is_set()


def test_ending_leaves_what_hangs_behind_and_names_it(house: House) -> None:
    begun, over = threading.Event(), threading.Event()

    def hangs(_house: House, _now: datetime) -> int:
        begun.set()
        over.wait(20)
        return 0

    worker = Worker(house, [DueWork("look", hangs)])
    worker.start()
    try:
        assert begun.wait(20)
        assert worker.end(timedelta(milliseconds=200)) == ("look",)
    finally:
        over.set()
        worker.end(timedelta(seconds=10))


def test_a_server_that_goes_away_is_waited_for_and_told_once(house: House, postgres_server: str) -> None:
    post = Counted("propose")
    name = rows(house, "SELECT current_database()")[0][0]
    others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    with capture_logs() as lines, working(Worker(house, [post.work])):
        assert eventually(lambda: post.times >= 1)
        tell_server(postgres_server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false', others)
        try:
            assert eventually(lambda: any("waits for the database" in line["event"] for line in lines))
        finally:
            tell_server(postgres_server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        before = post.times
        assert eventually(lambda: post.times > before + 1)
    told = [line["event"] for line in lines if line["event"].startswith(("this worker", "the worker"))]
    assert told == [
        "this worker does the work that is due",
        "the worker waits for the database server; it goes on by itself",
        "this worker does the work that is due",
    ]


def test_a_worker_taken_for_dead_begins_anew_and_works_on(house: House) -> None:
    post = Counted("propose")
    with working(Worker(house, [post.work])):
        assert eventually(lambda: post.times >= 1)
        tell(house, "DELETE FROM procrastinate_workers")
        before = post.times
        assert eventually(lambda: post.times > before + 1)
        assert eventually(lambda: rows(house, "SELECT count(*) FROM procrastinate_workers") == [(1,)])


def test_a_clock_set_back_is_noticed_and_every_site_is_read_anew(migrated_postgres_url: str, tmp_path: Path) -> None:
    wall = [utc_now()]
    clock = ClockWatch(wall=lambda: wall[0], monotonic=lambda: 0.0)
    with opened(settings_at(migrated_postgres_url, tmp_path)) as house:
        site = add_site(house, Site("site"))
        with writing(house.engine) as connection:
            connection.exec_driver_sql("UPDATE sources SET next_at = now() + interval '3 hours'")
        with working(Worker(house, POLLS, clock)):
            threading.Event().wait(1.5)
            assert site.reads == []
            wall[0] -= timedelta(hours=3)
            assert eventually(lambda: len(site.reads) >= 1)
        assert any("set back by 180 min" in says for says in house.troubles())


def test_a_look_that_is_called_off_is_waited_for_it_has_a_connection(
    migrated_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over = threading.Event(), threading.Event()

    def look(*_: object) -> None:
        begun.set()
        threading.Event().wait(1)
        over.set()

    monkeypatch.setattr("desk.scaled.worker.HEARTBEAT", 0.05)
    monkeypatch.setattr("desk.scaled.worker.watch_clock", look)
    with opened(settings_at(migrated_postgres_url, tmp_path)) as house:
        with working(Worker(house, POLLS)):
            assert begun.wait(20)
        assert over.is_set()

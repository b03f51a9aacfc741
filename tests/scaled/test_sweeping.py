"""What a killed worker leaves behind is taken up by the others within seconds, and never stands in their way for good."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate import App

from desk.clock import utc_now
from desk.scaled import sweeping
from desk.scaled.alive import LINE, count_workers
from desk.scaled.app import open_app
from desk.scaled.jobs import options_of, task_of
from desk.scaled.sweeping import sweep
from desk.scaled.worker import Worker
from desk.wiring import House
from storage.lifecycle import MovedOn
from storage.words import Batch
from tests.scaled.conftest import (
    POLLS,
    SELDOM,
    Counted,
    Site,
    add_site,
    eventually,
    opened,
    rows,
    settings_at,
    tell,
    waiting,
    working,
)


async def _sweep(house: House, times: int) -> None:
    app: App = open_app(house, [], lambda _name, work: work())
    async with app.open_async():
        await asyncio.gather(*(sweep(app, house) for _ in range(times)))


def swept(house: House, times: int = 1) -> None:
    """So many workers look after the dead, all at once."""
    asyncio.run(_sweep(house, times))


def left_running(house: House, work: str, key: str = "") -> None:
    """A worker took this job and was killed: its last sign of life is a minute old."""
    lock = options_of(work, key)["queueing_lock"]
    args = f'{{"key": "{key}"}}' if key else "{}"
    tell(
        house,
        f"""WITH dead AS (
            INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id)
        INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id)
            SELECT 'amends', '{task_of(work)}', '{lock}', '{lock}', '{args}', 'doing', id FROM dead""",
    )


def queued(house: House, work: str, key: str = "") -> None:
    """The next job of this kind waits behind it."""
    lock = options_of(work, key)["queueing_lock"]
    args = f'{{"key": "{key}"}}' if key else "{}"
    tell(
        house,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args) "
        f"VALUES ('amends', '{task_of(work)}', '{lock}', '{lock}', '{args}')",
    )


def running(house: House) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that some worker has taken."""
    return [
        (str(name), args)
        for name, args in rows(
            house, "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'doing' ORDER BY id"
        )
    ]


def states(house: House) -> list[tuple[str, str]]:
    """Every job with its state."""
    found = rows(house, "SELECT task_name, status FROM procrastinate_jobs ORDER BY id")
    return [(str(name), str(status)) for name, status in found]


@pytest.mark.parametrize("sweepers", [1, 3])
def test_looking_that_was_cut_off_is_put_back_into_the_queue(house: House, sweepers: int) -> None:
    left_running(house, "look")
    swept(house, sweepers)
    assert states(house) == [("amends.look", "todo")]


@pytest.mark.parametrize("sweepers", [1, 3])
def test_looking_that_was_cut_off_is_given_up_where_the_next_waits_already(house: House, sweepers: int) -> None:
    left_running(house, "look")
    queued(house, "look")
    swept(house, sweepers)
    assert states(house) == [("amends.look", "todo")]


def test_posting_that_was_cut_off_is_put_back_for_the_same_account(house: House) -> None:
    left_running(house, "post", "rosebakery:x")
    left_running(house, "post", "swiftcourier:x")
    queued(house, "post", "swiftcourier:x")
    swept(house)
    assert waiting(house) == [("amends.post", {"key": f"{brand}:x"}) for brand in ("rosebakery", "swiftcourier")]


@pytest.mark.parametrize("sweepers", [1, 3])
def test_a_poll_that_was_cut_off_is_given_up_and_its_source_is_free_at_once(house: House, sweepers: int) -> None:
    site = add_site(house, Site("site"))
    assert house.casebook.sources.claim(site.key, utc_now())
    left_running(house, "poll", site.key)
    queued(house, "poll", site.key)
    assert house.casebook.sources.due(utc_now()) == ()
    swept(house, sweepers)
    assert [name for name, args in waiting(house) if args == {"key": site.key}] == ["amends.poll"]
    assert [state.key for state in house.casebook.sources.due(utc_now())] == [site.key]


def test_one_broken_job_keeps_no_other_from_being_put_right(house: House) -> None:
    left_running(house, "poll", "a source that is gone")
    left_running(house, "look")
    left_running(house, "remove")
    queued(house, "remove")
    swept(house)
    assert sorted(states(house)) == [("amends.look", "todo"), ("amends.remove", "todo")]


def test_a_source_that_another_has_claimed_since_is_left_to_them(house: House) -> None:
    site = add_site(house, Site("site"))
    dead = house.casebook.sources.claim(site.key, utc_now())
    assert dead
    house.casebook.sources.free({site.key: dead.fence})
    theirs = house.casebook.sources.claim(site.key, utc_now())
    assert theirs
    house.casebook.sources.free({site.key: dead.fence})
    assert house.casebook.sources.due(utc_now()) == ()
    house.casebook.rounds.record(site.key, theirs.fence, [], Batch((), "theirs"), utc_now())


def test_a_poll_that_is_cut_off_while_another_is_put_right_is_freed_by_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = add_site(house, Site("first")), add_site(house, Site("second"))
    house.casebook.sources.claim(first.key, utc_now())
    left_running(house, "poll", first.key)
    read = sweeping._fences

    def slowly(house: House) -> dict[str, int]:
        found = read(house)
        if second.key not in {args.get("key") for _, args in running(house)}:
            house.casebook.sources.claim(second.key, utc_now())
            left_running(house, "poll", second.key)
        return found

    monkeypatch.setattr(sweeping, "_fences", slowly)
    swept(house)
    assert [args["key"] for _, args in running(house)] == [second.key]
    swept(house)
    assert running(house) == []
    assert {state.key for state in house.casebook.sources.due(utc_now())} == {first.key, second.key}


def test_whoever_was_taken_for_dead_and_comes_back_finds_the_round_taken_over(house: House) -> None:
    site = add_site(house, Site("site"))
    slow = house.casebook.sources.claim(site.key, utc_now())
    assert slow
    left_running(house, "poll", site.key)
    swept(house)
    assert house.casebook.sources.claim(site.key, utc_now())
    with pytest.raises(MovedOn):
        house.casebook.rounds.record(site.key, slow.fence, [], Batch((), "late"), utc_now())


def test_a_job_of_a_living_worker_is_left_alone(house: House) -> None:
    left_running(house, "look")
    tell(house, "UPDATE procrastinate_workers SET last_heartbeat = now()")
    swept(house)
    assert states(house) == [("amends.look", "doing")]


def test_work_that_hangs_in_a_living_worker_is_given_up_in_the_end(house: House) -> None:
    for minutes, work in ((5, "look"), (20, "remove")):
        left_running(house, work)
        tell(
            house,
            "INSERT INTO procrastinate_events (job_id, type, at) "
            f"SELECT max(id), 'started', now() - interval '{minutes} minutes' FROM procrastinate_jobs",
        )
    tell(house, "UPDATE procrastinate_workers SET last_heartbeat = now()")
    swept(house)
    assert states(house) == [("amends.look", "doing")]


def test_a_worker_that_starts_among_the_dead_soon_does_all_their_work(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    post = Counted("look")
    with opened(settings_at(migrated_postgres_url, tmp_path, tick=SELDOM)) as house:
        sites = [add_site(house, Site(f"site:{number}")) for number in range(4)]
        for site in sites:
            assert house.casebook.sources.claim(site.key, utc_now())
            left_running(house, "poll", site.key)
            queued(house, "poll", site.key)
        left_running(house, "look")
        queued(house, "look")
        left_running(house, "tick")
        with working(Worker(house, [*POLLS, post.work])):
            assert eventually(lambda: post.times >= 1 and all(site.reads for site in sites), within=10.0)


def dies_silently(house: House, seconds: float) -> int:
    """A worker whose last heartbeat was so long ago; gives its number."""
    with house.engine.begin() as connection:
        made = connection.exec_driver_sql(
            f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '{seconds} seconds') RETURNING id"
        )
        return int(made.scalar_one())


def known(house: House) -> list[int]:
    """The numbers of the workers that are not buried."""
    return [int(row[0]) for row in rows(house, "SELECT id FROM procrastinate_workers ORDER BY id")]


def test_a_worker_whose_line_was_cut_is_buried_after_two_seconds_of_silence(house: House) -> None:
    just_now, a_moment_ago = dies_silently(house, 0.5), dies_silently(house, 3)
    assert count_workers(house.engine) == 1
    swept(house)
    assert known(house) == [just_now]
    assert a_moment_ago not in known(house)


def test_a_worker_that_is_only_slow_holds_its_line_and_is_not_taken_for_dead(house: House) -> None:
    slow, lost = dies_silently(house, 10), dies_silently(house, 20)
    with psycopg.connect(house.settings.database_url, autocommit=True) as lines:
        for worker in (slow, lost):
            lines.execute("SELECT pg_advisory_lock(%s, %s)", (LINE, worker))
        assert count_workers(house.engine) == 1
        swept(house)
        assert known(house) == [slow], "a machine that fell silent is given up after a while, line or not"
    swept(house)
    assert known(house) == []


def test_lines_of_another_database_on_the_server_mean_nothing_here(house: House, postgres_server: str) -> None:
    ours = dies_silently(house, 5)
    with psycopg.connect(postgres_server, autocommit=True) as lines:
        lines.execute("SELECT pg_advisory_lock(%s, %s)", (LINE, ours))
        swept(house)
    assert known(house) == []


def test_a_worker_whose_line_breaks_begins_anew_under_a_new_number(house: House) -> None:
    post = Counted("propose")
    with working(Worker(house, [post.work])):
        assert eventually(lambda: post.times and known(house))
        (before,) = known(house)
        tell(
            house,
            f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = {LINE} AND objid = {before}",
        )
        assert eventually(lambda: known(house) and before not in known(house))
        done = post.times
        assert eventually(lambda: post.times > done)

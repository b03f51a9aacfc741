"""Three workers on one PostgreSQL database, a random one killed -9 every three seconds: `python -m torture.workers --minutes 3 --seed 7`.

They read twelve sources of six shops every two seconds and post what Ana says yes to, each yes pressed twice at once. Half-way every
waiting job is taken out of the queue. Judged by what stands on the platforms afterwards, not by our tables.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from rich.console import Console

from desk.clock import utc_now
from desk.config_file import load_settings
from desk.logs import start_logs
from desk.wiring import House, open_house
from desk.work import look_again
from responders.outbox import Outbox, look_due, post_due
from torture.bases import own_database
from torture.counter import Desk
from torture.judge import Finding, Known, Stands, judge_mentions, judge_replies
from torture.sites import SITES
from torture.street import PLACES, SHOPS, Street, street_keys
from torture.workers_result import WORKERS, WorkersResult, table_of
from torture.workforce import Crew

KILL_EVERY = 3.0
COMPLAIN_EVERY = 1.2
ROBBED = 3
"""How often, a second apart, the queue is emptied half-way."""
QUIET = 25.0
"""Seconds that the last workers get to finish what they can; what waits for its time goes on by a moved clock."""
STEP, MOST_STEPS = timedelta(minutes=2), 40

Progress = Callable[[float, str], None]
"""Told how far it is, from 0 to 1, and what is going on."""


def run(minutes: float, seed: int, url: str, progress: Progress) -> WorkersResult:
    """The whole of it, on a database of its own on the server at `url`."""
    chance = Random(seed)  # noqa: S311 - it chooses whom to kill
    with (
        tempfile.TemporaryDirectory(prefix="amends-workers-") as folder,
        own_database(url) as database,
        Street(Path(folder)) as street,
    ):
        return _run(minutes, seed, street, Path(folder), database, chance, progress)


def _run(
    minutes: float, seed: int, street: Street, folder: Path, database: str, chance: Random, progress: Progress
) -> WorkersResult:
    config = folder / "config.toml"
    config.write_text(
        '[service]\ntick = "1 s"\nlog_level = "warning"\n[polling]\nevery = "2 s"\n[filter]\nsecond_look = false\n'
        + street.brands(),
        encoding="utf-8",
    )
    ours = street_keys() | {"AMENDS_DATABASE_URL": database}
    others = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    house = open_house(load_settings(config, ours), ours)
    house.casebook.people.add("ana@street.example", "Ana", "owner", "no password", utc_now())
    desk = Desk(house, chance)
    with desk.pool, Crew(folder, others | ours, chance) as crew:
        for _ in range(WORKERS):
            crew.hire()
        complaints, jobs_lost, ended = _storm(minutes, street, crew, desk, progress)
        _calm(desk, sum(map(len, complaints.values())), progress)
        mistakes = [*crew.died_alone(), *crew.go_home()]
    reconciled = _finish(street, desk, progress)
    known = desk.known()
    findings = [*desk.findings, *_judge(street, desk, known, complaints)]
    gap, at = street.readings.longest_gap(ended)
    house.close()
    return WorkersResult(
        seed=seed,
        minutes=minutes,
        kills=crew.kills,
        jobs_lost=jobs_lost,
        polls=street.readings.count(),
        overlapping=street.readings.overlapping(),
        longest_gap=gap,
        longest_at=at,
        complaints=len(complaints["x"]) + len(complaints["reddit"]),
        wanted=len(desk.said),
        refused_clicks=desk.refused,
        posted=sum(one.up for one in known.values()),
        parked=sum(one.told and not one.up for one in known.values()),
        reconciled=reconciled,
        found=dict(Counter(finding.what for finding in findings)),
        says=tuple(finding.says for finding in findings[:20]),
        mistakes=tuple([*mistakes, *crew.mistakes()][:20]),
    )


def _storm(
    minutes: float, street: Street, crew: Crew, desk: Desk, progress: Progress
) -> tuple[dict[str, list[str]], int, float]:
    """Complaints, answers and kills; gives the complaints by place, the jobs lost, and when it ended."""
    complaints: dict[str, list[str]] = {place: [] for place in PLACES}
    _wait_for_first(street, len(SHOPS) * len(PLACES), progress)
    over, jobs_lost = threading.Event(), 0
    began = time.monotonic()
    until, kill_at, complain_at = began + minutes * 60, began + KILL_EVERY, began
    last_complaint = until - min(QUIET / 2, minutes * 20)
    rob_at = [began + minutes * 30 + number for number in range(ROBBED)]
    answering = desk.pool.submit(desk.answer_until, over)
    try:
        while (now := time.monotonic()) < until:
            if now >= complain_at and now < last_complaint:
                number = sum(map(len, complaints.values()))
                place, shop = PLACES[number % 2], SHOPS[number // 2 % len(SHOPS)]
                complaints[place].append(street.complain(number, place, shop).id)
                complain_at += COMPLAIN_EVERY
            if now >= kill_at:
                crew.kill_one()
                kill_at += KILL_EVERY
                progress((now - began) / (until - began), f"{crew.kills} kills, {len(desk.said)} replies wanted")
            if rob_at and now >= rob_at[0]:
                jobs_lost += _rob(desk.house)
                rob_at.pop(0)
            time.sleep(0.05)
    finally:
        over.set()
    answering.result()
    return complaints, jobs_lost, time.monotonic()


def _wait_for_first(street: Street, sources: int, progress: Progress) -> None:
    """Until every source was read once; watching begins then."""
    progress(0.0, "the first workers start")
    last = time.monotonic() + 60
    while len(street.readings.of) < sources:
        if time.monotonic() > last:
            raise RuntimeError(f"after a minute only {len(street.readings.of)} of {sources} sources were read")
        time.sleep(0.1)


def _rob(house: House) -> int:
    """Take every waiting job out of the queue; how many."""
    with house.engine.begin() as connection:
        return int(connection.exec_driver_sql("DELETE FROM procrastinate_jobs WHERE status = 'todo'").rowcount)


def _calm(desk: Desk, complaints: int, progress: Progress) -> None:
    """No more kills: the workers do what can be done by now; what was cut off has to wait for its time."""
    progress(1.0, "the workers finish")
    last = time.monotonic() + QUIET
    while time.monotonic() < last:
        desk.answer()
        if len(desk.said) == complaints and not desk.due():
            return
        time.sleep(0.5)


def _finish(street: Street, desk: Desk, progress: Progress) -> int:
    """What has to wait (a dead worker's claim, a look) goes on as time passes; how many replies were cleared up so."""
    open_before = desk.unsettled()
    progress(1.0, f"time passes for {open_before} replies that were cut off")
    house = desk.house
    outbox = Outbox(house.casebook, house.places, house.publishers, partial(look_again, house), street.clock)
    for _ in range(MOST_STEPS):
        if not desk.unsettled():
            break
        street.clock.by += STEP
        look_due(outbox)
        post_due(outbox)
    return open_before


def _judge(street: Street, desk: Desk, known: dict[int, Known], complaints: dict[str, list[str]]) -> Iterator[Finding]:
    for place in PLACES:
        said = [one for reply, one in desk.said.items() if desk.places[reply] == place]
        stands = [
            Stands(post.id, post.parent_id, SITES[place].says(post.text), down=post.deleted_at is not None)
            for post in street.answers(place)
        ]
        yield from judge_replies(said, stands, known)
        with desk.house.engine.connect() as connection:
            taken = connection.exec_driver_sql(
                "SELECT p.native_id FROM mentions m JOIN posts p ON p.id = m.post_id WHERE p.place = %s", (place,)
            ).scalars()
            yield from judge_mentions(complaints[place], [str(one).rpartition("_")[2] for one in taken])


def main(arguments: list[str]) -> int:
    """Run, print the table; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m torture.workers", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--url",
        default=os.environ.get("TEST_DATABASE_URL", ""),
        help="a PostgreSQL server on which databases may be made",
    )
    asked = parser.parse_args(arguments)
    if not asked.url:
        parser.error("name a PostgreSQL server: --url postgresql://… or TEST_DATABASE_URL")
    console = Console(stderr=True)
    start_logs("console", "error")
    result = run(asked.minutes, asked.seed, asked.url, lambda part, says: console.print(f"{part:4.0%} {says}"))
    Console().print(table_of(result))
    for line in (*result.says, *result.mistakes):
        console.print(line, markup=False)
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

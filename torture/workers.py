"""Three workers on one PostgreSQL database, a random one killed -9 every three seconds: `python -m torture.workers --minutes 3 --seed 7`.

They read twelve sources of six shops every two seconds and post what Ana says yes to, each yes pressed twice at once. Half-way every
waiting job is taken out of the queue. Judged by what stands on the platforms afterwards, not by our tables.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from desk.clock import utc_now
from desk.config_file import load_settings
from desk.logs import start_logs
from desk.wiring import House, open_house
from desk.work import look_again
from responders.outbox import Outbox, look_due, post_due
from storage.engine import reading
from storage.lifecycle import MovedOn
from storage.tables import replies
from storage.words import ReachHow
from torture.facts import MOST, UP, is_settled
from torture.judge import Finding, Known, Said, Stands, judge_mentions, judge_replies
from torture.sites import SITES
from torture.street import PLACES, SHOPS, Street, street_keys

WORKERS = 3
KILL_EVERY = 3.0
COMPLAIN_EVERY = 1.2
ROBBED = 3
"""How often, a second apart, the queue is emptied half-way."""
QUIET = 25.0
"""Seconds that the last workers get to finish what they can; what waits for its time goes on by a moved clock."""
STEP, MOST_STEPS = timedelta(minutes=2), 40
END_WITHIN = 20.0
"""Seconds after which a worker that was asked to end hangs: it takes three at most, on a machine that has time."""
ANA = "person:1"

Progress = Callable[[float, str], None]
"""Told how far it is, from 0 to 1, and what is going on."""


@dataclass(frozen=True, slots=True)
class WorkersResult:
    """What came of it. `longest_gap` seconds in which `longest_at` was not read; `found` counts what the judge calls wrong."""

    seed: int
    minutes: float
    kills: int
    jobs_lost: int
    polls: int
    overlapping: int
    longest_gap: float
    longest_at: str
    complaints: int
    wanted: int
    refused_clicks: int
    posted: int
    parked: int
    reconciled: int
    found: dict[str, int]
    says: tuple[str, ...]
    mistakes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was doubled, lost or left stuck, and no source was read by two at once."""
        return not self.found and not self.overlapping and not self.mistakes and self.wanted > 0


class Crew:
    """The workers: processes that do what `amends run --role worker` does, each with a log of its own. Use as a context."""

    def __init__(self, folder: Path, environ: dict[str, str], chance: Random) -> None:
        self.folder, self.chance, self.kills = folder, chance, 0
        self.alive: list[int] = []
        self.logs: list[Path] = []
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "torture.nursery"],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._orders, self._answers = self._nursery.stdin, self._nursery.stdout
        if self._answers.readline() != "ready\n":
            raise RuntimeError("the workers' nursery did not open")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.alive:
            _send(worker, signal.SIGKILL)
        self._orders.close()
        self._nursery.wait()
        self._answers.close()

    def hire(self) -> None:
        """One more."""
        self.logs.append(self.folder / f"worker-{len(self.logs) + 1}.log")
        self._orders.write(f"{self.logs[-1]}\n")
        self._orders.flush()
        self.alive.append(int(self._answers.readline()))

    def kill_one(self) -> None:
        """Kill -9 a random one, and hire another."""
        _send(self.alive.pop(self.chance.randrange(len(self.alive))), signal.SIGKILL)
        self.kills += 1
        self.hire()

    def died_alone(self) -> list[str]:
        """Who ended without having been asked to."""
        return [f"worker {worker} ended by itself" for worker in self.alive if not _send(worker, 0)]

    def go_home(self) -> list[str]:
        """Ask all to end; who did not do it in time."""
        for worker in self.alive:
            _send(worker, signal.SIGTERM)
        last = time.monotonic() + END_WITHIN
        while any(_send(worker, 0) for worker in self.alive) and time.monotonic() < last:
            time.sleep(0.05)
        return [f"worker {worker} did not end in {END_WITHIN:g} s" for worker in self.alive if _send(worker, 0)]

    def mistakes(self) -> list[str]:
        """What they wrote that no worker should ever have to write."""
        lines = (line for log in self.logs for line in log.read_text("utf-8", "replace").splitlines())
        return [line for line in lines if " error " in line or "foresee" in line or "Traceback" in line]


def _send(process: int, number: int) -> bool:
    """Send a signal; whether there was anybody to take it."""
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    return True


@dataclass
class Desk:
    """Ana at her desk: she says yes to everything, pressing twice at once."""

    house: House
    chance: Random
    said: dict[int, Said] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(3))

    def answer(self) -> None:
        """Say yes to whatever is proposed by now."""
        for row in self.house.reading.inbox(limit=100, now=utc_now()).rows:
            if row.proposal_id is not None and row.reply_id is None and row.reach and row.reach.how is ReachHow.API:
                self._answer(row.case_id, row.turn, row.place, row.proposal_id, row.proposal or "")

    def _answer(self, case_id: int, turn: int, place: str, proposal: int, text: str) -> None:
        file = self.house.reading.case(case_id)
        assert file is not None
        own = f"{text} ({case_id})"  # X takes no text twice
        revised = self.house.casebook.proposals.revise(proposal, own, (), ANA, utc_now())
        hold, together = timedelta(seconds=self.chance.choice((0, 0, 1, 2))), threading.Barrier(2)

        def press(_: int) -> int | None:
            together.wait()
            try:
                return self.house.casebook.replies.approve(revised, turn, ANA, utc_now(), hold=hold, anyway=True)
            except MovedOn:
                return None

        counted = [reply for reply in self.pool.map(press, range(2)) if reply is not None]
        if len(counted) != 1:
            self.findings.append(Finding("presses", f"{len(counted)} of two presses counted"))
        self.refused += 2 - len(counted)
        parent = file.last.post.native_id.rpartition("_")[2]
        for reply in counted:
            self.said[reply] = Said(reply, own, frozenset((parent,)))
            self.places[reply] = place

    def known(self) -> dict[int, Known]:
        """What the machine makes of each reply."""
        lists = self.house.reading.lists(utc_now(), limit=MOST)
        told = {row.case_id for row in (*lists.parked, *lists.by_hand)}
        with reading(self.house.engine) as connection:
            rows = connection.execute(select(replies)).all()
        return {row.id: Known(is_settled(row), row.state in UP, row.case_id in told, row.native_id) for row in rows}

    def answer_until(self, over: threading.Event) -> None:
        """Go on so."""
        while not over.wait(0.1):
            self.answer()

    def due(self) -> bool:
        """Whether replies wait to go out, now or after their hold."""
        return bool(self.house.casebook.replies.due_accounts(utc_now() + timedelta(seconds=3)))

    def unsettled(self) -> int:
        """How many replies there is something left to do for."""
        return sum(not known.settled for known in self.known().values())


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
        '[service]\ntick = "1 s"\nlog_level = "warning"\n[polling]\nevery = "2 s"\n' + street.brands(), encoding="utf-8"
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


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The address of a new database on this server, dropped at the end."""
    name = f"amends_workers_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def table_of(result: WorkersResult) -> Table:
    """The result for people."""
    table = Table("what", "figure", box=None, pad_edge=False)
    found = result.found
    rows = {
        "minutes": f"{result.minutes:g}, seed {result.seed}",
        "workers": f"{WORKERS}, and another for each that was killed",
        "kills (SIGKILL)": result.kills,
        "waiting jobs taken away": result.jobs_lost,
        "polls": result.polls,
        "overlapping polls": result.overlapping,
        "longest gap between polls of a source": f"{result.longest_gap:.1f} s ({result.longest_at})",
        "complaints": result.complaints,
        "complaints not taken in exactly once": found.get("not_once", 0),
        "replies wanted, each pressed twice": result.wanted,
        "second presses refused": result.refused_clicks,
        "posted": result.posted,
        "cut off and cleared up later": result.reconciled,
        "doubled": found.get("duplicates", 0),
        "lost": found.get("lost", 0),
        "parked for a person": result.parked,
        "left stuck": found.get("stuck", 0),
    }
    others = {what: much for what, much in found.items() if what not in ("not_once", "duplicates", "lost", "stuck")}
    for what, figure in {**rows, **others}.items():
        table.add_row(what, str(figure))
    return table


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

"""`amends-torture`: the command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from torture.crew import Crew, MateLost
from torture.jobs import Job, chapters, job_of, processes, self_check, systematic
from torture.mate import Articles
from torture.model import KINDS
from torture.resume import OtherRun, Run, take_up
from torture.sites import SITES
from torture.table import show
from torture.tally import PROCESSES, RANDOM, SYSTEMATIC, Part, answer

CI_KILLS, CI_CASES, CI_TRIALS, CI_PROCESSES = 3_000, 2_000, 1_400, 40
"""The least that the short run in CI must come to."""
USUAL_MINUTES = 1.0
MORE_HANDS = 1
"""Hands beyond one for each core: they keep the cores busy while others wait for a server that is silent."""
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. `kills` and `minutes` None: no such limit; `processes`: kills of real processes, come what may; `thin` is for
    CI, a sample of the systematic loop."""

    kills: int | None
    cases: int
    processes: int
    minutes: float | None
    seed: int
    json: bool
    server: str | None
    systematic: bool
    thin: bool
    resume: Path | None
    only: str | None
    hands: int
    places: tuple[str, ...]


def read(arguments: Sequence[str]) -> Asked:
    """The command line, understood; ends the program where it cannot be."""
    asked = argparse.ArgumentParser(
        prog="amends-torture",
        description="Kills the service at random and at every step while everything goes wrong, and looks from outside whether any "
        "reply was posted twice or lost.",
    )
    asked.add_argument("--kills", type=int, metavar="N", help="stop after so many forked kills")
    asked.add_argument(
        "--minutes", type=float, metavar="M", help=f"stop after so many minutes (usually {USUAL_MINUTES:g})"
    )
    asked.add_argument(
        "--processes",
        type=int,
        default=0,
        metavar="N",
        help="first of all, kill real processes of the installed command so many times",
    )
    asked.add_argument("--seed", type=int, default=7, metavar="S", help="the same seed, the same run")
    asked.add_argument("--json", action="store_true", help="answer with one JSON object")
    asked.add_argument(
        "--database",
        metavar="URL",
        help="a PostgreSQL server (databases of our own are made and dropped there); usually SQLite",
    )
    asked.add_argument(
        "--systematic", action="store_true", help="first of all, every step of every flow with every mishap"
    )
    asked.add_argument("--resume", type=Path, metavar="FILE", help="keep the state there, and go on where it was left")
    asked.add_argument("--only", metavar="RECIPE", help="one case again: a number, or a name with # and a number")
    asked.add_argument(
        "--ci", action="store_true", help="the short run: a sample of the systematic loop, then kills at random"
    )
    asked.add_argument(
        "--hands", type=int, default=_cores() + MORE_HANDS, metavar="N", help="processes that work side by side"
    )
    asked.add_argument("--places", default=",".join(SITES), metavar="LIST", help="platforms, with commas between them")
    given = asked.parse_args(arguments)
    places = tuple(one for one in given.places.split(",") if one)
    if unknown := [one for one in places if one not in SITES]:
        asked.error(f"there is no platform {unknown[0]}; known are {', '.join(SITES)}")
    if given.hands < 1 or not places:
        asked.error("somebody has to work, and somewhere")
    if given.database is not None and not given.database.startswith("postgresql"):
        asked.error(
            "the database is a PostgreSQL server, such as postgresql://user@host/postgres; leave it out for SQLite"
        )
    if given.only is not None:
        try:
            job_of(given.only, places)
        except ValueError as unknown_one:
            asked.error(str(unknown_one))
    kills, minutes, cases = given.kills, given.minutes, 0
    if given.ci:
        kills, cases = given.kills or CI_KILLS, CI_CASES
        given.processes = given.processes or CI_PROCESSES
    elif kills is None and minutes is None:
        kills, minutes = (0, None) if given.systematic else (None, USUAL_MINUTES)
    return Asked(
        kills, cases, given.processes, minutes, given.seed, given.json, given.database, given.systematic or given.ci, given.ci,
        given.resume, given.only, given.hands, places,
    )  # fmt: skip


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Torture:
    """One run of the command."""

    def __init__(self, asked: Asked, run: Run) -> None:
        self.asked, self.run = asked, run
        self._began, self._before = time.monotonic(), run.seconds

    @property
    def minutes(self) -> float:
        """How long this start of it has lasted."""
        return (time.monotonic() - self._began) / 60

    def jobs(self) -> Iterator[Job]:
        """What is left to do, for as long as there is time."""
        if self.asked.only is not None:
            yield job_of(self.asked.only, self.asked.places)
            return
        yield from self._left(self_check())
        yield from self._left(processes(self.asked.processes))
        if self.asked.systematic:
            for job in self._left(systematic(self.asked.places, thin=self.asked.thin)):
                if self._is_late:
                    return
                yield job
        for job in self._left(chapters()):
            if self._is_late or self._is_enough:
                return
            yield job

    def _is_over(self, job: Job) -> bool:
        return job.part in (RANDOM, SYSTEMATIC) and (self._is_late or (job.part == RANDOM and self._is_enough))

    def _left(self, jobs: Iterator[Job]) -> Iterator[Job]:
        return (job for job in jobs if job.name not in self.run.done)

    @property
    def _is_late(self) -> bool:
        return self.asked.minutes is not None and self.minutes >= self.asked.minutes

    @property
    def _is_enough(self) -> bool:
        if self.asked.kills is None:
            return False
        tally = self.run.tally
        return tally.forked("kills") >= self.asked.kills and tally.forked("cases") >= self.asked.cases

    def go(self, progress: Progress) -> None:
        """Do it all, or as much of it as there is time for. Raises MateLost; Ctrl-C goes through, with the state kept."""
        bar = progress.add_task("torture", total=None if self.asked.only else 1.0, told="")
        articles = Articles(self.asked.seed, self.asked.places, self.asked.server)
        with Crew(articles, 1 if self.asked.only else self.asked.hands) as crew:
            for job, outcome in crew.work_through(self.jobs(), self._is_over):
                self.run.tally.add(job.part, outcome)
                self.run.done.add(job.name)
                self._keep()
                progress.update(bar, completed=self._part_done(), told=self._told())
        self._keep()

    def _keep(self) -> None:
        self.run.seconds = self._before + self.minutes * 60
        if self.asked.resume is not None:
            self.run.keep(self.asked.resume)

    def _part_done(self) -> float:
        shares = [0.0]
        if self.asked.minutes:
            shares.append(self.minutes / self.asked.minutes)
        if self.asked.kills:
            shares.append(self.run.tally.forked("kills") / self.asked.kills)
        return max(shares)

    def _told(self) -> str:
        tally = self.run.tally
        wrong = sum(sum(part.wrong.values()) for part in tally.real())
        return f"{tally.sum('kills'):,} kills, {tally.sum('cases'):,} cases, {wrong} wrong"

    @property
    def is_passed(self) -> bool:
        """Whether all that was asked for was done, and is as it should be."""
        tally = self.run.tally
        if self.asked.only is not None:
            return all(part.is_clean for part in tally.parts.values()) and not tally.unforeseen
        real = tally.parts.get(PROCESSES, Part()).kills >= self.asked.processes
        enough = not self.asked.thin or tally.parts.get(SYSTEMATIC, Part()).cases >= CI_TRIALS
        return tally.is_clean and tally.has_teeth and real and enough


def torture(arguments: Sequence[str]) -> int:
    """Run, tell, and give the exit code: 0 when something ran, nothing was wrong, and the self-check found what is wrong on purpose."""
    asked = read(arguments)
    errors = Console(stderr=True)
    try:
        run = take_up(asked.resume, asked.seed, KINDS[asked.server is None], asked.places)
    except OtherRun as other:
        errors.print(other.why, markup=False)
        return 2
    whole, interrupted = Torture(asked, run), False
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=errors) as progress:
            whole.go(progress)
    except KeyboardInterrupt:
        interrupted = True
    except MateLost as lost:
        errors.print(f"It could not go on. {lost}", markup=False, highlight=False)
        return 2
    if asked.json:
        print(answer(run.tally, asked.seed, run.database, run.seconds))
    else:
        show(Console(), run)
    return INTERRUPTED if interrupted else 0 if whole.is_passed else 1


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run, and end with the exit code."""
    # A shell that starts it in the background has SIGINT ignored; whoever sends it means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(torture(sys.argv[1:]))

"""One of those who do the work: a process with a stage of its own that takes jobs from its stdin, a line each, and tells what came of them."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from torture import processes
from torture.bases import own_database
from torture.chapters import play
from torture.jobs import Job
from torture.outcome import Outcome
from torture.outside import OUTBOX
from torture.player import Player
from torture.stage import Stage, set_up
from torture.tally import NAIVE_DOUBLES, NAIVE_LOSES, PROCESSES

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
"""Where Linux keeps files in memory: bases there cost no disk, and are gone when the machine is."""

WORKS = {NAIVE_DOUBLES: ("naive: again",), NAIVE_LOSES: ("naive: first",)}
"""What a part does instead of the outbox's work."""


@dataclass(frozen=True, slots=True)
class Articles:
    """What a mate is hired for: the seed, the platforms, and the server for bases (None: SQLite)."""

    seed: int
    places: tuple[str, ...]
    server: str | None

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Articles:
        """Back from its line."""
        told = json.loads(line)
        return cls(told["seed"], tuple(told["places"]), told["server"])


def work(job: Job, stage: Stage, player: Player, articles: Articles) -> Outcome:
    """Do one job."""
    if job.part == PROCESSES:
        return at_a_desk(job.number, articles)
    if job.group is not None:
        return player.play(job.group, job.every, job.only)
    return play(stage, articles.seed, job.number, articles.places, WORKS.get(job.part, OUTBOX))


def at_a_desk(number: int, articles: Articles) -> Outcome:
    """Real processes, in a folder and on a base of their own."""
    with scratch() as folder, ExitStack() as stack:
        database = stack.enter_context(own_database(articles.server)) if articles.server else ""
        return processes.play(number, articles.seed, Path(folder), database)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for a stage, in memory where that is possible."""
    return tempfile.TemporaryDirectory(prefix="amends-torture-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None)


def be_quiet() -> None:
    """Nothing of what the service or the town's servers log belongs on our stdout."""

    def drop(*_: Any) -> Any:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])
    for name in ("uvicorn.error", "asyncio"):  # they tell of lines that we cut on purpose
        logging.getLogger(name).setLevel(logging.CRITICAL)


def main(lines: Sequence[str] | None = None) -> None:
    """Work until there are no more jobs. The first line holds the articles."""
    be_quiet()
    articles = Articles.from_line(sys.stdin.readline())
    with scratch() as folder, set_up(Path(folder), articles.server) as stage:
        player = Player(stage)
        for line in lines or sys.stdin:
            sys.stdout.write(work(Job.from_line(line), stage, player, articles).to_line())
            sys.stdout.flush()


if __name__ == "__main__":
    main()

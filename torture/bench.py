"""`make bench`: how many replies and polls a second each database takes, with the settings that keep promises. Nothing is asserted.

python -m torture.bench [--replies N] [--polls N] [--processes N …] [--server URL] [--folder FOLDER] [--json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import structlog
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from monitor.rounds import poll_due
from places.doors import Source
from storage.casebook import Casebook, Judged
from storage.engine import open_engine, reading
from storage.words import (
    Account,
    Audience,
    Author,
    Batch,
    Brand,
    Draft,
    Gone,
    Kind,
    Post,
    Posted,
    Purpose,
    Reach,
    ReachHow,
    Topic,
    Verdict,
)
from torture.bases import open_bases
from torture.cluster import may_run, private_cluster

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BRAND = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery"})
TEXT = (
    "We are sorry that your cake was stale, Cora. That was our fault. Please write to us so that we can put it right."
)
COMPLAINT = Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.PRODUCT, 2, (), model_version="bench")
PAGE = 10
"""Posts a poll brings: all known already in a quiet one, all new in a busy one, one in five of those a complaint."""
STEP = timedelta(minutes=2)
PATIENCE = 600
"""Seconds after which a process that does not come back is given up."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: how often in a second, all processes together, and how long one took (milliseconds)."""

    what: str
    database: str
    processes: int
    per_second: float
    median_ms: float
    slowest_percent_ms: float


@dataclass(slots=True)
class Shelf:
    """A source in this very process: it has everything at hand, so that only our own work is measured."""

    key: str
    fresh: bool
    place: str = "x"
    brand: str = BRAND.key

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """A page of ten."""
        first = int(cursor or 0) if self.fresh else 0
        page = tuple(_post(f"{self.key}-{first + n}", "The bread was burnt!" if n % 5 == 0 else "On my way.", now) for n in range(PAGE))  # fmt: skip
        return Batch(page, str(first + PAGE))

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:  # noqa: ARG002
        """Nobody answered."""
        return ()

    def again(self, ids: Sequence[str], now: datetime) -> dict[str, Post | Gone]:  # noqa: ARG002
        """Nothing changed."""
        return {}


def _post(native_id: str, said: str, at: datetime) -> Post:
    return Post("x", native_id, Author(f"by-{native_id}", "cora"), said, at, native_id)


def publish(casebook: Casebook, name: str, times: int) -> Iterator[Callable[[], None]]:
    """Approve, claim, posted: three commits for each reply. Cases and proposals are made beforehand."""
    heard = [Judged(_post(f"{name}-{n}", "Stale!", NOON), COMPLAINT) for n in range(times)]
    raised = casebook.rounds.record_import(BRAND.key, heard, NOON).raised
    reach, draft = Reach(ReachHow.API, "asked"), Draft(TEXT, "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    proposals = [casebook.proposals.store(case_id, 1, [draft], reach, NOON)[0] for case_id in raised]

    def one(proposal: int) -> None:
        reply = casebook.replies.approve(proposal, 1, "command", NOON, hold=timedelta(0))
        claimed = casebook.replies.claim(reply, NOON)
        assert claimed is not None
        casebook.replies.posted(reply, claimed.fence, Posted(f"r-{claimed.key}", None, NOON), NOON)

    return iter([lambda proposal=proposal: one(proposal) for proposal in proposals])


def poll(casebook: Casebook, name: str, times: int, *, fresh: bool) -> Iterator[Callable[[], None]]:
    """Due, claimed, read, judged, recorded."""
    source: Source = Shelf(f"x:{name}", fresh)
    casebook.sources.ensure(source.key, BRAND.key, "x", STEP, NOON)

    def one(number: int) -> None:
        polled = poll_due(casebook, {source.key: source}, {}, {BRAND.key: BRAND}, NOON + number * STEP)
        assert polled == 1

    one(0)  # loads what the filter needs
    return iter([lambda number=number: one(number) for number in range(1, times + 1)])


WORKS: dict[str, Callable[[Casebook, str, int], Iterator[Callable[[], None]]]] = {
    "replies (3 commits each)": publish,
    "polls that bring nothing new": lambda *given: poll(*given, fresh=False),
    "polls with 10 new posts": lambda *given: poll(*given, fresh=True),
}


def work(url: str, what: str, times: int, number: int, start: Barrier, told: Any) -> None:
    """One process: make ready, wait for the others, do it; tell how long each took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    engine = open_engine(url)
    acts = WORKS[what](Casebook(engine, b"bench"), f"{list(WORKS).index(what)}.{number}", times)
    start.wait()
    took = []
    for act in acts:
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    start.wait()
    told.put(took)
    engine.dispose()


def measure(url: str, database: str, what: str, times: int, processes: int) -> Line:
    """So many processes, each doing it so many times."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["torture.bench"])
    start, told = server.Barrier(processes + 1, timeout=PATIENCE), server.Queue()
    crew = [server.Process(target=work, args=(url, what, times, n, start, told)) for n in range(processes)]
    for one in crew:
        one.start()
    start.wait()
    began = time.perf_counter()
    start.wait()
    lasted = time.perf_counter() - began
    took = sorted(1000 * one for _ in crew for one in told.get())
    for one in crew:
        one.join()
    slowest = took[min(len(took) - 1, int(len(took) * 0.99))]
    return Line(what, database, processes, len(took) / lasted, statistics.median(took), slowest)


def prepare(url: str) -> str:
    """The brand and its account; gives the database's version and the settings that decide what a commit means."""
    engine = open_engine(url)
    casebook = Casebook(engine, b"bench")
    casebook.brands.sync([BRAND], NOON)
    casebook.brands.own_account(BRAND.key, Account("x", "us", "rosebakery"), NOON)
    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            settings = [f"{name}={connection.exec_driver_sql(f'PRAGMA {name}').scalar()}" for name in ("journal_mode", "synchronous")]  # fmt: skip
            version = f"SQLite {sqlite3.sqlite_version}"
        else:
            names = ("fsync", "synchronous_commit", "full_page_writes")
            settings = [f"{name}={connection.exec_driver_sql(f'SHOW {name}').scalar()}" for name in names]
            version = f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar()}".partition(" (")[0]
    engine.dispose()
    return f"{version}, {', '.join(settings)}"


def machine() -> str:
    """What kind of machine this is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    kind = f"{len(models)} × {models[0]}" if models else platform.processor() or platform.machine()
    return f"{kind}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    asked = argparse.ArgumentParser(prog="python -m torture.bench", description=str(__doc__).partition("\n")[0])
    asked.add_argument("--replies", type=int, default=300, help="replies that each process posts")
    asked.add_argument("--polls", type=int, default=150, help="polls of each kind that each process makes")
    asked.add_argument("--processes", type=int, nargs="+", default=[1, 4], help="how many at once, in turn")
    asked.add_argument("--server", help="a PostgreSQL server to measure on; else one of our own, where one can be run")
    asked.add_argument(
        "--folder", type=Path, help="on whose disk the databases are; else the system's for temporary files"
    )
    asked.add_argument("--json", action="store_true", help="the numbers alone, for programs")
    return asked.parse_args(arguments)


def main(arguments: Sequence[str] = sys.argv[1:]) -> None:
    """Measure and print."""
    asked = read(arguments)
    lines: list[Line] = []
    says: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.folder)))
        folder.chmod(0o711)  # PostgreSQL may be run by another user, in a folder of its own in there
        server = asked.server or (stack.enter_context(private_cluster(folder)) if may_run() else None)
        for where in (None, server) if server else (None,):
            bases = open_bases(where, folder)
            stack.callback(bases.close)
            says.append(prepare(bases.url))
            for processes in asked.processes:
                for what in WORKS:
                    bases.take("empty")
                    prepare(bases.url)
                    times = asked.replies if what.startswith("replies") else asked.polls
                    lines.append(measure(bases.url, says[-1].partition(",")[0], what, times, processes))
    if not server:
        says.append("No PostgreSQL server could be run here: install one, or name one with --server.")
    told = {"machine": machine(), "databases": says, "command": " ".join(("python -m torture.bench", *arguments))}
    if asked.json:
        print(json.dumps({**told, "lines": [asdict(line) for line in lines]}, indent=1))
    else:
        show(lines, told)


def show(lines: Sequence[Line], told: dict[str, Any]) -> None:
    """The table, with what it was measured on."""
    table = Table(box=SIMPLE, padding=(0, 1))
    table.add_column("")
    table.add_column("database")
    for name in ("processes", "a second", "median ms", "slowest 1 %, ms"):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(
            line.what,
            line.database,
            str(line.processes),
            f"{line.per_second:.0f}",
            f"{line.median_ms:.1f}",
            f"{line.slowest_percent_ms:.1f}",
        )
    console = Console(width=110)
    console.print(table)
    for says in (told["machine"], *told["databases"], told["command"]):
        console.print(says, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()

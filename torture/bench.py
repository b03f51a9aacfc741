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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from storage.casebook import Casebook
from storage.engine import open_engine, reading
from storage.words import Account
from torture.bases import open_bases
from torture.benchmarks import BRAND, NOON, WORKS, work
from torture.cluster import may_run, private_cluster

PATIENCE = 600
"""Seconds after which a process that does not come back is given up."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: how often in a second, all processes together; commits likewise; how long one took (milliseconds)."""

    what: str
    database: str
    processes: int
    per_second: float
    commits_per_second: float
    median_ms: float
    slowest_percent_ms: float


def measure(url: str, database: str, what: str, times: int, processes: int) -> Line:
    """So many processes, each doing it so many times."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["torture.benchmarks"])
    start, told = server.Barrier(processes + 1, timeout=PATIENCE), server.Queue()
    crew = [server.Process(target=work, args=(url, what, times, n, start, told)) for n in range(processes)]
    for one in crew:
        one.start()
    start.wait()
    began = time.perf_counter()
    start.wait()
    lasted = time.perf_counter() - began
    all_told = [told.get() for _ in crew]
    took = sorted(1000 * one for each, _ in all_told for one in each)
    commits = sum(commits for _, commits in all_told)
    for one in crew:
        one.join()
    slowest = took[min(len(took) - 1, int(len(took) * 0.99))]
    often = len(took) / lasted
    return Line(what, database, processes, often, commits / lasted, statistics.median(took), slowest)


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
        progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.folder)))
        folder.chmod(0o711)  # PostgreSQL may be run by another user, in a folder of its own in there
        server = asked.server or (stack.enter_context(private_cluster(folder)) if may_run() else None)
        wheres = (None, server) if server else (None,)
        bar = progress.add_task("", total=len(wheres) * len(asked.processes) * len(WORKS))
        for where in wheres:
            bases = open_bases(where, folder)
            stack.callback(bases.close)
            says.append(prepare(bases.url))
            for processes in asked.processes:
                for what in WORKS:
                    progress.update(bar, description=f"{says[-1].partition(',')[0]}, {processes} at once: {what}")
                    bases.take("empty")
                    prepare(bases.url)
                    times = asked.replies if what == "replies" else asked.polls
                    lines.append(measure(bases.url, says[-1].partition(",")[0], what, times, processes))
                    progress.advance(bar)
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
    for name in ("processes", "a second", "each", "commits/s", "median ms", "slowest 1 %"):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(
            line.what,
            line.database,
            str(line.processes),
            f"{line.per_second:.0f}",
            f"{line.per_second / line.processes:.1f}",
            f"{line.commits_per_second:.0f}",
            f"{line.median_ms:.1f}",
            f"{line.slowest_percent_ms:.1f}",
        )
    console = Console(width=116)
    console.print(table)
    for says in (told["machine"], *told["databases"], told["command"]):
        console.print(says, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()

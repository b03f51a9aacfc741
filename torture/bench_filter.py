"""`make bench`, the filter's part: mentions a second of each stage and of the whole intake, beside raw VADER, and the memory that it takes.

The texts are every so many of the authored examples, in all languages. Rates are texts a second of one core (process time, all threads
added up), so they are alike on a machine that is busy otherwise. Nothing is asserted.

python -m torture.bench_filter [--texts N] [--deep N] [--folder FOLDER] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from monitor.filter import judge_page, judge_page_again
from monitor.filter.examples import read_examples
from monitor.filter.mood import measure_mood
from monitor.filter.second_look import is_installed
from monitor.rounds import poll_due
from storage.casebook import Casebook
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.words import Author, Batch, Brand, Gone, Post
from torture.bench import machine

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BRAND = Brand("rosebakery", "", handles={"x": "rosebakery"})
PAGE = 100
"""Posts of a page, as the platforms give them."""
DEEP_PAGE = 16
WARM = 200
"""Texts judged before the clock runs, in all languages: cues and weights are read when they are first needed."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of the table. `beside_vader` is the rate as a share of VADER's, `raised` how many were taken for complaints."""

    what: str
    texts: int
    per_second: float
    beside_vader: float
    raised: int


@dataclass(frozen=True, slots=True)
class Memory:
    """The most memory that a process of its own had held at the end, in MB."""

    what: str
    megabytes: float


@dataclass(slots=True)
class Shelf:
    """A source that has all its pages at hand."""

    posts: Sequence[Post]
    key: str = "x:mentions:rosebakery"
    place: str = "x"
    brand: str = BRAND.key

    def poll(self, cursor: str | None, now: datetime) -> Batch:  # noqa: ARG002
        """The next page."""
        begin = int(cursor or 0)
        page = tuple(self.posts[begin : begin + PAGE])
        return Batch(page, str(begin + PAGE), more=begin + PAGE < len(self.posts))

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:  # noqa: ARG002
        """Nobody answered."""
        return ()

    def again(self, ids: Sequence[str], now: datetime) -> dict[str, Post | Gone]:  # noqa: ARG002
        """Nothing changed."""
        return {}


def choose(count: int) -> list[Post]:
    """So many of the authored examples, evenly from all of them, as posts of one customer each."""
    examples = read_examples()
    step = max(len(examples) // count, 1)
    return [
        Post("x", str(at), Author(f"by-{at}", "cora"), one.text, NOON, str(at))
        for at, one in enumerate(examples[::step][:count])
    ]


def measure(posts: Sequence[Post], deep: int, folder: Path, told: Callable[[str], None]) -> Iterator[Rate]:
    """Each way of judging the same texts; the slow ones get the first `deep` of them."""
    told("VADER alone")
    vader = _rate("VADER alone", posts, _by_vader, 0.0)
    yield vader
    told("first look")
    yield _rate("first look: letters, cues and VADER", posts, _by_first, vader.per_second)
    told("first look again")
    yield _rate("first look, where it has met the words before", posts, _by_first, vader.per_second)
    if is_installed():
        told("both looks")
        yield _rate("both looks", posts[:deep], _by_both, vader.per_second)
    told("whole intake")
    yield _intake(posts, folder, vader.per_second)


def _rate(what: str, posts: Sequence[Post], judge: Callable[[Sequence[Post]], int], vader: float) -> Rate:
    judge(posts[:: -(-len(posts) // WARM)])
    began = time.process_time()
    raised = judge(posts)
    per_second = len(posts) / max(time.process_time() - began, 1e-9)
    return Rate(what, len(posts), per_second, per_second / vader if vader else 1.0, raised)


def _by_vader(posts: Sequence[Post]) -> int:
    return sum(measure_mood(post.text) < -0.05 for post in posts)


def _by_first(posts: Sequence[Post]) -> int:
    return sum(
        verdict.kind == "complaint"
        for begin in range(0, len(posts), PAGE)
        for verdict in judge_page(posts[begin : begin + PAGE], BRAND)
    )


def _by_both(posts: Sequence[Post]) -> int:
    return sum(
        verdict is not None and verdict.kind == "complaint"
        for begin in range(0, len(posts), DEEP_PAGE)
        for verdict in judge_page_again(posts[begin : begin + DEEP_PAGE], BRAND)
    )


def _intake(posts: Sequence[Post], folder: Path, vader: float) -> Rate:
    """Page polled, judged, stored with its cursor, cases raised: on SQLite as the service has it, commits on the disk and all."""
    url = f"sqlite:///{folder / 'intake.sqlite'}"
    upgrade(url)
    engine = open_engine(url)
    casebook, shelf = Casebook(engine, b"bench"), Shelf(posts)
    casebook.brands.sync([BRAND], NOON)
    casebook.sources.ensure(shelf.key, shelf.brand, shelf.place, timedelta(minutes=2), NOON)
    now, began = NOON, time.process_time()
    while poll_due(casebook, {shelf.key: shelf}, {}, {BRAND.key: BRAND}, now) * PAGE >= PAGE * 20:
        now += timedelta(minutes=2)
    per_second = len(posts) / (time.process_time() - began)
    states = casebook.hearings.heard(BRAND.key, NOON - timedelta(days=1), len(posts))
    engine.dispose()
    raised = sum(one.case_id is not None for one in states)
    return Rate(
        "whole intake: polled, judged, stored, raised (SQLite)", len(posts), per_second, per_second / vader, raised
    )


_WEIGH = """
import resource, sys
from torture.bench_filter import BRAND, choose
from desk.service import Pages
import desk.work
from monitor.filter import judge_page, judge_page_again
from storage.languages import identifier
identifier()  # as the service does at its start
posts = choose(64)
judge_page(posts, BRAND)
if sys.argv[1] == "both":
    judge_page_again(posts[:32], BRAND)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def weigh() -> Iterator[Memory]:
    """A process that has loaded the whole service and judged: with the first look alone, and with both."""
    for which, what in (("first", "the service with the first look alone"), ("both", "the service with both looks")):
        if which == "first" or is_installed():
            run = subprocess.run([sys.executable, "-c", _WEIGH, which], capture_output=True, text=True, check=True)  # noqa: S603 - our own
            yield Memory(what, int(run.stdout.split()[-1]) / 1024)


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    asked = argparse.ArgumentParser(prog="python -m torture.bench_filter", description=str(__doc__).partition("\n")[0])
    asked.add_argument("--texts", type=int, default=6_000, help="texts for the quick ways")
    asked.add_argument("--deep", type=int, default=300, help="texts for both looks")
    asked.add_argument("--folder", type=Path, help="on whose disk the database is")
    asked.add_argument("--json", action="store_true", help="the numbers alone, for programs")
    return asked.parse_args(arguments)


def main(arguments: Sequence[str] = sys.argv[1:]) -> None:
    """Measure and print."""
    asked = read(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    posts = choose(asked.texts)
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        Progress(console=Console(stderr=True), transient=True) as bars,
    ):
        bar = bars.add_task("", total=7 if is_installed() else 5)

        def told(what: str) -> None:
            bars.update(bar, description=what, advance=1)

        rates = list(measure(posts, asked.deep, Path(folder), told))
        told("memory")
        memory = list(weigh())
    said: dict[str, Any] = {
        "machine": machine(),
        "command": " ".join(("python -m torture.bench_filter", *arguments)),
        "letters_a_text": round(sum(len(post.text) for post in posts) / len(posts)),
    }
    if asked.json:
        print(json.dumps({**said, "rates": list(map(asdict, rates)), "memory": list(map(asdict, memory))}, indent=1))
    else:
        show(rates, memory, said)


def show(rates: Sequence[Rate], memory: Sequence[Memory], said: dict[str, Any]) -> None:
    """The tables, with what they were measured on."""
    table = Table(box=SIMPLE, padding=(0, 1))
    table.add_column("")
    for name in ("texts", "a second of one core", "beside VADER", "complaints"):
        table.add_column(name, justify="right")
    for rate in rates:
        table.add_row(
            rate.what, f"{rate.texts:,}", f"{rate.per_second:,.0f}", f"{rate.beside_vader:.3f}", f"{rate.raised:,}"
        )
    console = Console(width=116)
    console.print(table)
    for one in memory:
        console.print(f"{one.what}: {one.megabytes:.0f} MB at most", highlight=False)
    for line in (f"{said['letters_a_text']} letters a text, 13 languages", said["machine"], said["command"]):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()

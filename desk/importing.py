"""Takes a file of mentions in, in batches: one transaction each, so that thousands of rows are a matter of seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from desk.clock import utc_now
from desk.errors import Trouble
from monitor.imports import RefusedRow, read_rows
from monitor.judging import judge_each
from monitor.listening import how_to_listen
from storage.words import Brand, Post

if TYPE_CHECKING:
    from desk.wiring import House

AT_ONCE = 250
"""Rows per transaction."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    rows: int = 0
    found: int = 0
    repeats: int = 0
    raised: int = 0
    old: int = 0
    seconds: float = 0.0
    unreadable: int = 0
    refused: tuple[RefusedRow, ...] = field(default=())


def import_rows(
    house: House,
    file: Path,
    brand: Brand,
    place: str,
    store_only: bool,
    told: Callable[[int], object] = int,
) -> Imported:
    """Read, judge and record every row; `told` hears how many are done. Raises Trouble when the file is no table of texts."""
    began = time.monotonic()
    now = utc_now()
    done = Imported()
    learned = how_to_listen(house.casebook, brand.key)
    try:
        for some in _batches(read_rows(file, now, place=place)):
            posts = [row for row in some if isinstance(row, Post)]
            refused = tuple(row for row in some if isinstance(row, RefusedRow))
            judged, poison = judge_each(posts, brand, learned)
            round_ = house.casebook.rounds.record_import(brand.key, judged, now, store_only=store_only, poison=poison)
            done = Imported(
                rows=done.rows + len(some),
                found=done.found + round_.found,
                repeats=done.repeats + round_.repeats,
                raised=done.raised + len(round_.raised),
                old=done.old + round_.old,
                unreadable=done.unreadable + round_.poison,
                refused=done.refused + refused,
            )
            told(done.rows)
    except ValueError as error:
        raise Trouble(f"{file.name} cannot be taken in: {error}") from error
    return replace(done, seconds=time.monotonic() - began)


def _batches(rows: Iterator[Post | RefusedRow]) -> Iterator[list[Post | RefusedRow]]:
    while some := list(islice(rows, AT_ONCE)):
        yield some

"""Reading mentions from a file: CSV, tab-separated or JSON lines, streamed, row by row.

Columns (any order, any case): text (needed), id, author, date, lang, rating, place, title, url; others are ignored. The same
file read twice gives the same posts: identity is the id, else a hash of place, author, date and text.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import IO

import structlog

from monitor.cells import Unclear, read_date, read_rating
from storage.words import Author, Post

MOST_TEXT = 100_000
"""Code points of a text that are taken; a row with more is refused."""
MOST_CELL = 1_000_000
"""Characters of a cell; one unclosed quote must not swallow a file."""
MOST_LINE = 10_000_000
"""Characters of a line of JSON; a longer line is refused."""

_ENCODINGS = ("utf-8-sig", "cp1251", "latin-1")
_SAMPLE = 1 << 20  # bytes read at once while finding out the encoding
_JSON = (".jsonl", ".ndjson", ".json")
_COLUMNS = ("text", "id", "author", "date", "lang", "rating", "place", "title", "url")
_LONGEST = {"id": 200, "author": 200, "place": 40, "lang": 20, "title": 1_000, "url": 2_000}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: its line in the file, counted from 1 with the header, and why, for the person who gave it."""

    row: int
    why: str


class NotATable(ValueError):
    """The whole file cannot be read; the message says why."""


class _Refused(ValueError):
    """This row cannot be taken."""


def read_rows(path: str | Path, now: datetime, *, place: str = "import") -> Iterator[Post | RefusedRow]:
    """The rows of a file as posts, one at a time, with refused rows in their place.

    Undated rows are dated `now` (aware, UTC); rows that name no place get `place`. The encoding is UTF-8, else cp1251, which
    is said in the log, for nothing in a file tells it. Raises NotATable (a ValueError) or OSError.
    """
    path = Path(path)
    encoding = find_encoding(path)
    if encoding != _ENCODINGS[0]:
        log.warning("the file is not UTF-8; it is read in an older encoding", file=path.name, encoding=encoding)
    read = _read_json if path.suffix.lower() in _JSON else _read_table
    with path.open(encoding=encoding, newline="") as lines:
        for number, row in read(lines, path.name):
            if isinstance(row, _Refused):
                yield RefusedRow(number, str(row))
                continue
            try:
                yield _to_post(row, now, place)
            except (_Refused, Unclear) as refused:
                yield RefusedRow(number, str(refused))


def find_encoding(path: Path) -> str:
    """utf-8-sig where the whole file is UTF-8, else cp1251 where it holds no byte that cp1251 lacks, else latin-1.

    A file whose letters above ASCII are few and lone (as in "café") is taken for latin-1: Cyrillic words are runs of them.
    Raises NotATable for UTF-16 and for files that are no text.
    """
    with path.open("rb") as raw:
        head = raw.read(4)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise NotATable("it is UTF-16; save it as UTF-8")
        if head[:4] == b"PK\x03\x04":
            raise NotATable("it is a spreadsheet or an archive; save it as CSV")
    with _lenient(path, "utf-8-sig") as works:
        if works:
            return "utf-8-sig"
    with path.open("rb") as raw:
        sample = raw.read(_SAMPLE)
    high = [byte >= 0xC0 for byte in sample]
    pairs = sum(one and other for one, other in pairwise(high))
    with _lenient(path, "cp1251") as works:
        return "cp1251" if works and pairs * 2 >= sum(high) else "latin-1"


@contextmanager
def _lenient(path: Path, encoding: str) -> Iterator[bool]:
    """Whether the whole file can be read in an encoding."""
    try:
        with path.open(encoding=encoding, newline="") as lines:
            while lines.read(_SAMPLE):
                continue
    except UnicodeDecodeError:
        yield False
    else:
        yield True


_Row = Mapping[str, str] | _Refused


def _read_table(lines: IO[str], name: str) -> Iterator[tuple[int, _Row]]:
    csv.field_size_limit(MOST_CELL)
    head = lines.readline(MOST_LINE).replace("\0", "")
    delimiter = _find_delimiter(head, name)
    columns = [cell.strip().lower() for cell in next(csv.reader([head], delimiter=delimiter), [])]
    if "text" not in columns:
        raise NotATable(f"its first line must name the columns, among them “text”; it names {_shown(columns)}")
    counted = _Counted(lines)
    if delimiter == "\t" and name.lower().endswith((".tsv", ".tab")):
        rows = csv.reader(counted, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(counted, delimiter=delimiter)
    while True:
        begins = counted.number + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, _Refused(f"it cannot be read ({error})")
            continue
        if cells:
            yield begins, _by_column(columns, cells)


def _by_column(columns: list[str], cells: list[str]) -> _Row:
    """A row with too many cells is refused: its text was cut at a delimiter. One with too few lacks its last columns."""
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return _Refused(f"it has {len(cells)} cells where the first line names {len(columns)}")
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column in _COLUMNS}


class _Counted:
    """Lines without NUL bytes, counted, so that a refused row can be named by its line."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self.number = 1  # the header is line 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        return line.replace("\0", "")


def _find_delimiter(head: str, name: str) -> str:
    """Tab, comma or semicolon: the one that parts most cells of the first line."""
    best = max("\t,;", key=head.count)
    if head.count(best) == 0:
        return "\t" if name.lower().endswith((".tsv", ".tab")) else ","
    return best


def _read_json(lines: IO[str], _name: str) -> Iterator[tuple[int, _Row]]:
    number = 0
    while line := lines.readline(MOST_LINE):
        number += 1
        if len(line) >= MOST_LINE and not line.endswith("\n"):
            while line and not line.endswith("\n"):
                line = lines.readline(MOST_LINE)
            yield number, _Refused("its line is too long")
            continue
        told = line.strip("\0 \t\r\n")
        if number == 1 and told.startswith("["):
            raise NotATable("it is one JSON list; write one object per line")
        if told:
            yield number, _parse(told)


def _parse(line: str) -> _Row:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return _Refused("it is no line of JSON")
    if not isinstance(found, dict):
        return _Refused("it is no JSON object, such as {“text”: “…”}")
    row: dict[str, str] = {}
    for key, value in found.items():
        column = key.strip().lower()
        if column not in _COLUMNS or value is None:
            continue
        if isinstance(value, (dict, list, bool)):
            return _Refused(f"its {column} is neither text nor a number")
        row[column] = str(value)
    return row


def _to_post(row: Mapping[str, str], now: datetime, place: str) -> Post:
    cells = {column: _clean(row.get(column, "")) for column in _COLUMNS}
    for column, longest in _LONGEST.items():
        if len(cells[column]) > longest:
            raise _Refused(f"its {column} is longer than {longest:,} characters")
    text = cells["text"]
    rating = read_rating(cells["rating"])
    if not text and rating is None:
        raise _Refused("it has no text")
    if len(text) > MOST_TEXT:
        raise _Refused(f"its text is longer than {MOST_TEXT:,} characters")
    where = cells["place"].lower() or place
    native_id = cells["id"] or _hash(where, cells["author"], cells["date"], text)
    return Post(
        place=where,
        native_id=native_id,
        author=Author(cells["author"], cells["author"].removeprefix("@"), cells["author"]),
        text=text,
        created_at=read_date(cells["date"], now),
        conversation_id=native_id,
        title=cells["title"],
        url=cells["url"] if cells["url"].startswith(("https://", "http://")) else None,
        lang=cells["lang"].lower() or None,
        rating=rating,
    )


def _clean(cell: str) -> str:
    """Without NUL, which PostgreSQL cannot hold, and without halves of surrogate pairs, which UTF-8 cannot."""
    return cell.replace("\0", "").encode("utf-8", "ignore").decode("utf-8").strip()


def _hash(*cells: str) -> str:
    """An id for a row without one: the same cells give the same id, today and tomorrow. 128 bits of SHA-256."""
    return "row-" + hashlib.sha256("\0".join(cells).encode()).hexdigest()[:32]


def _shown(columns: list[str]) -> str:
    named = ", ".join(f"“{column[:30]}”" for column in columns[:8] if column)
    return named or "none"

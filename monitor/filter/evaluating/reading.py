"""Labelled texts from a file: CSV, TSV or JSON lines, with the columns text and label, and if need be lang, kind and trait.

A file is taken whole or not at all: measuring on what is left of it would give figures that nobody can trust.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from storage.words import Kind

COMPLAINT_LABELS = frozenset(("complaint", "1", "true", "yes"))
UNHAPPY_LABELS = frozenset(("negative", "bad", "unhappy"))
"""Labels that tell a feeling and not a complaint: there, mood is measured."""
MOST_TEXT = 100_000
"""Code points of a text; `amends import` takes no longer one either."""

_MOST_LINE = 10_000_000  # characters; a longer line is no line of text
_LONGEST_TRAIT = 40
_COLUMNS = ("text", "label", "lang", "kind", "trait")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_KINDS = {kind.value: kind for kind in Kind}
_UNTOLD = ("", "-")


class Unreadable(ValueError):
    """The file cannot be measured with. The message is a sentence for the person who gave it: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled text. `positive`: labelled a complaint, or unhappy where the file tells moods. `language` (ISO 639) is what the
    row itself says, `kind` what a person says it is, `trait` what is hard about it; None where the file does not tell.
    """

    text: str
    positive: bool
    language: str | None = None
    kind: Kind | None = None
    trait: str | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """A file's texts, and whether its labels tell moods (unhappy or not) or complaints."""

    file: str
    texts: tuple[Labelled, ...]
    tells_mood: bool


def read_labelled(path: Path) -> Labels:
    """Read a labelled file. Raises Unreadable, OSError."""
    try:
        rows = tuple(_rows(path))
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not written in UTF-8: save it as UTF-8.") from error
    if not rows:
        raise Unreadable(f"{path.name} has no rows: write one text with its label per line.")
    labels = {row["label"] for row in rows}
    tells_mood = bool(labels & UNHAPPY_LABELS) and "complaint" not in labels
    positive = UNHAPPY_LABELS if tells_mood else COMPLAINT_LABELS
    _check_both_sides(path.name, labels, positive)
    tells_kind = bool(labels & (_KINDS.keys() - {"complaint"}))
    return Labels(path.name, tuple(_labelled(row, positive, tells_kind) for row in rows), tells_mood)


def _check_both_sides(name: str, labels: set[str], positive: frozenset[str]) -> None:
    if not labels & positive:
        raise Unreadable(
            f"{name} labels no text a complaint, only {_named(labels)}: label complaints “complaint” or “1” "
            f"(or “negative”, to measure moods), and others in any other way."
        )
    if labels <= positive:
        raise Unreadable(f"{name} labels every text {_named(labels)}: measuring needs texts of the other side too.")


def _labelled(row: Mapping[str, str], positive: frozenset[str], tells_kind: bool) -> Labelled:
    label = row["label"]
    kind = row.get("kind", "") or (label if tells_kind else "")
    return Labelled(
        text=row["text"],
        positive=label in positive,
        language=row.get("lang") or None,
        kind=_KINDS.get(kind),
        trait=row.get("trait") or None,
    )


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    """The rows, each with text and label, and of lang, kind and trait what it tells."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = _lines(file, path.name)
        first = next(lines, "")
        read = _json_rows if first.lstrip().startswith(("{", "[")) else _table_rows
        for where, row in read(path.name, first, lines):
            yield _check_row(where, row)


def _lines(file: IO[str], name: str) -> Iterator[str]:
    number = 0
    while line := file.readline(_MOST_LINE):
        number += 1
        if "\0" in line:
            raise Unreadable(f"Line {number} of {name} holds a NUL, as no text does: save the file anew, as UTF-8.")
        if len(line) >= _MOST_LINE:
            raise Unreadable(f"Line {number} of {name} has no end: write one text with its label per line.")
        yield line


if TYPE_CHECKING:
    from _csv import Reader as _Reader

_Found = Iterator[tuple[str, Mapping[str, str]]]
"""Where in the file a row stands, and what it tells."""


def _json_rows(name: str, first: str, lines: Iterator[str]) -> _Found:
    if first.lstrip().startswith("["):
        raise Unreadable(f"{name} is one JSON list: write one object per line.")
    for number, line in enumerate(chain([first], lines), 1):
        if line.strip():
            where = f"Line {number} of {name}"
            yield where, _from_json(where, line)


def _from_json(where: str, line: str) -> Mapping[str, str]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Unreadable(
            f"{where} is no JSON object: write one per line, such as {{“text”: “…”, “label”: “complaint”}}."
        )
    return {
        column: _cell(where, column, value)
        for key, value in told.items()
        if (column := key.strip().lower()) in _COLUMNS and value is not None
    }


def _cell(where: str, column: str, value: object) -> str:
    if isinstance(value, dict | list):
        raise Unreadable(f"{where} has a {column} that is neither text nor a number: write it in quotes.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 1.0 is what a table with a gap makes of 1
    return str(value)


def _table_rows(name: str, first: str, lines: Iterator[str]) -> _Found:
    csv.field_size_limit(_MOST_LINE)
    reader = _open_table(max("\t,;", key=first.count), chain([first], lines))
    try:
        columns = [cell.strip().lower() for cell in next(reader, [])]
        _check_columns(name, columns)
        for cells in reader:
            if cells:
                where = f"Line {reader.line_num} of {name}"
                yield where, _by_column(where, columns, cells)
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num} of {name} cannot be read ({error}): is a quote left open?") from error


def _open_table(delimiter: str, lines: Iterator[str]) -> _Reader:
    """Cells are quoted where commas part them, and a quote is a quote where tabs do."""
    if delimiter == "\t":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _check_columns(name: str, columns: list[str]) -> None:
    missing = [column for column in ("text", "label") if column not in columns]
    if missing:
        raise Unreadable(
            f"The first line of {name} must name the columns text and label; it names {_named(columns)}."
            if any(columns)
            else f"{name} is empty: its first line must name the columns text and label."
        )


def _by_column(where: str, columns: list[str], cells: list[str]) -> Mapping[str, str]:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise Unreadable(
            f"{where} has {len(cells)} cells where the first line names {len(columns)} columns: quote the text, "
            f"or take the delimiter out of it."
        )
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column in _COLUMNS}


def _check_row(where: str, told: Mapping[str, str]) -> Mapping[str, str]:
    """The row with every cell as it is meant. Raises Unreadable."""
    row = {column: _clean(cell) for column, cell in told.items()}
    if (length := len(row.get("text", ""))) > MOST_TEXT:
        raise Unreadable(
            f"{where} has a text of {length:,} characters: shorten it to {MOST_TEXT:,}, or is a quote left open?"
        )
    for column in ("text", "label"):
        if not row.get(column):
            raise Unreadable(f"{where} has no {column}: every row needs a text and a label.")
    return {
        "text": row["text"],
        "label": row["label"].lower(),
        "lang": _language(where, row.get("lang", "")),
        "kind": _plain(row.get("kind", "")).replace("-", "_").replace(" ", "_"),
        "trait": _plain(row.get("trait", ""))[:_LONGEST_TRAIT],
    }


def _clean(cell: str) -> str:
    """Without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    return cell.encode("utf-8", "ignore").decode("utf-8").strip()


def _plain(cell: str) -> str:
    """In small letters, on one line."""
    return "" if cell in _UNTOLD else " ".join(cell.lower().split())


def _language(where: str, cell: str) -> str:
    code = _plain(cell).replace("_", "-").partition("-")[0]
    if code in ("", "und"):
        return ""
    if not _LANGUAGE.fullmatch(code):
        raise Unreadable(f"{where} says the language {_named([cell])}: write its code, such as en or te.")
    return code


def _named(words: list[str] | set[str]) -> str:
    named = [f"“{word[:30]}”" for word in sorted(words) if word]
    return ", ".join(named[:8]) + (" and more" if len(named) > 8 else "") if named else "none"

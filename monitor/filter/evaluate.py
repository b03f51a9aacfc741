"""Measuring the filter on labelled texts, beside VADER alone. The texts stay where they are: nothing is learnt from them."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.filter.mood import COMPLAINT_BELOW, measure_mood
from monitor.filter.verdicts import judge
from storage.languages import identifier
from storage.words import Author, Brand, Kind, Post, Verdict

POSITIVE = frozenset(("complaint", "negative", "1", "true", "yes"))
"""Labels that count as a complaint; any other is none."""

_NOBODY = Brand(key="evaluation", name="")  # names nobody: labelled texts rarely name the shop
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_LONGEST_CELL = 1_000_000


@dataclass(frozen=True, slots=True)
class Score:
    """How well one way of telling complaints did. Shares are 0..1; an undefined one is 0."""

    name: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Table:
    """What `evaluate` found: `texts` judged, `positive` share of complaints among them, speed on one core, one Score per way of telling."""

    texts: int
    positive: float
    texts_per_second: float
    scores: tuple[Score, ...]

    def __str__(self) -> str:
        """The table as text, one line per way of telling."""
        head = f"{self.texts} texts, {self.positive:.0%} complaints, {self.texts_per_second:,.0f} texts a second on one core"
        lines = [head, f"{'':24}{'precision':>10}{'recall':>10}{'F1':>10}"]
        lines.extend(f"{one.name:24}{one.precision:>10.3f}{one.recall:>10.3f}{one.f1:>10.3f}" for one in self.scores)
        return "\n".join(lines)


class Unreadable(ValueError):
    """The file has no columns `text` and `label`, or no rows. The message is for the person who gave it."""


def read_labelled(path: Path) -> Iterator[tuple[str, bool]]:
    """Texts and whether they are complaints, from a CSV or TSV file (UTF-8) with the columns `text` and `label`."""
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        delimiter = "\t" if "\t" in first else ","
        columns = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        if "text" not in columns or "label" not in columns:
            raise Unreadable(f"{path.name} needs a first line that names the columns text and label")
        text, label = columns.index("text"), columns.index("label")
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if delimiter == "\t" else csv.reader(lines)
        for row in rows:
            if len(row) > max(text, label):
                yield row[text], row[label].strip().lower() in POSITIVE


def evaluate(path: str | Path, language: str | None = None) -> Table:
    """Judge every text of a labelled file and count. `language` is taken as the place's own field; None lets us find out.

    Raises Unreadable, OSError or UnicodeDecodeError.
    """
    labelled = list(read_labelled(Path(path)))
    if not labelled:
        raise Unreadable(f"{Path(path).name} has no rows")
    identifier()
    truth = [is_complaint for _, is_complaint in labelled]
    begun = time.process_time()
    verdicts = [judge(_post(text, language), _NOBODY) for text, _ in labelled]
    took = time.process_time() - begun
    return Table(
        texts=len(labelled),
        positive=sum(truth) / len(truth),
        texts_per_second=len(labelled) / took,
        scores=(
            _score("amends: complaint", [verdict.kind is Kind.COMPLAINT for verdict in verdicts], truth),
            _score("amends: mood below 0", [_is_unhappy(verdict) for verdict in verdicts], truth),
            _score("VADER alone", _each(measure_mood, labelled), truth),
            _score("everything", [True] * len(truth), truth),
        ),
    )


def _is_unhappy(verdict: Verdict) -> bool:
    return verdict.mood < 0


def _each(measure: Callable[[str], float], labelled: Sequence[tuple[str, bool]]) -> list[bool]:
    return [measure(text) < COMPLAINT_BELOW for text, _ in labelled]


def _post(text: str, language: str | None) -> Post:
    return Post("import", "0", Author("0", ""), text, _LONG_AGO, "0", lang=language)


def _score(name: str, said: Sequence[bool], truth: Sequence[bool]) -> Score:
    hits = sum(one and true for one, true in zip(said, truth, strict=True))
    precision = hits / sum(said) if any(said) else 0.0
    recall = hits / sum(truth) if any(truth) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return Score(name, precision, recall, f1)

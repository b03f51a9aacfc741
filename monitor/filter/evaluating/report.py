"""The results as one page: it needs no network and runs no script, and what people wrote stands in it as text only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor.filter.evaluating import showing
from monitor.filter.evaluating.charts import draw_calibration, draw_precision
from monitor.filter.evaluating.lines import FEWEST
from monitor.filter.evaluating.measures import (
    Counts,
    Point,
    Score,
    Where,
    calibrate,
    count,
    find_each,
    precision_at_recall,
)
from monitor.filter.evaluating.results import OURS, VADER, Group, Kinds, Results, Sheet
from monitor.filter.evaluating.worst import worst_false_alarms, worst_misses
from monitor.filter.heads import KINDS

MOST_MISTAKES = 20
"""So many misses are shown, and as many false alarms."""

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["share"] = showing.share


@dataclass(frozen=True, slots=True)
class Side:
    """How one of both did on all texts; `colour` is its class in report.css, `speed` in texts a second on one core."""

    name: str
    colour: str
    score: Score
    counts: Counts
    speed: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One picture, as SVG in which no stranger wrote a word, and what it is of."""

    name: str
    picture: str


@dataclass(frozen=True, slots=True)
class Heat:
    """One count of a confusion, and which part of its row it is: 0..1."""

    count: int
    part: float
    right: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """What texts of one true kind were taken for."""

    name: str
    cells: tuple[Heat, ...]


def write_report(results: Results, path: Path) -> None:
    """Write the page. Raises OSError."""
    path.write_text(compose(results), encoding="utf-8")


def compose(results: Results) -> str:
    """The page as HTML."""
    sheet = results.sheet
    return _templates.get_template("report.html").render(
        results=results,
        says=[showing.say_measured(results), showing.say_speed(results), showing.say_languages(results)],
        sides=_sides(results),
        groups=(results.all, *results.languages),
        curves=tuple(_curves(results)),
        calibration=draw_calibration(calibrate(sheet.shares, sheet.truth)),
        kind_names=[kind.value.replace("_", " ") for kind in KINDS],
        heat=_heat(results.kinds) if results.kinds else (),
        traits=results.traits[: showing.MOST_TRAITS],
        fewest=FEWEST,
        misses=worst_misses(sheet, MOST_MISTAKES),
        false_alarms=worst_false_alarms(sheet, MOST_MISTAKES),
    )


def _sides(results: Results) -> tuple[Side, Side]:
    sheet, whole = results.sheet, results.all
    return (
        Side(OURS, "ours", whole.ours, count(sheet.said, sheet.truth), results.texts_per_second),
        Side(VADER, "vader", whole.vader, count(sheet.vader.said, sheet.truth), results.vader_texts_per_second),
    )


def _curves(results: Results) -> Iterator[Curve]:
    """Precision for every recall, of all texts and of each language that has enough of both sides."""
    sheet = results.sheet
    yield Curve("all languages", _curve(sheet, results.all, np.arange(len(sheet.texts))))
    if len(results.languages) == 1:
        return
    places = find_each(sheet.groups)
    for group in results.languages:
        if group.ours.n >= FEWEST and group.ours.auc is not None:
            yield Curve(group.name, _curve(sheet, group, places[group.name]))


def _curve(sheet: Sheet, group: Group, where: Where) -> str:
    truth = sheet.truth[where]
    ours, vader = (precision_at_recall(shares[where], truth) for shares in (sheet.shares, sheet.vader.shares))
    return draw_precision(ours, vader, _at(group.ours), _at(group.vader))


def _at(score: Score) -> Point | None:
    """Where on the curve the line is drawn; nowhere where nothing was found."""
    return Point(score.recall, score.precision) if score.recall and score.precision else None


def _heat(kinds: Kinds) -> tuple[HeatRow, ...]:
    return tuple(
        HeatRow(
            kind.value.replace("_", " "),
            tuple(Heat(cell, cell / sum(row), at == column) for column, cell in enumerate(row)),
        )
        for at, (kind, row) in enumerate(zip(KINDS, kinds.confusion, strict=True))
        if sum(row)
    )

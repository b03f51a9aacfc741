"""Curves, drawn by pygal as pictures inside the page. How they look stands in report.css, so that they are light and dark with the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.filter.evaluating.measures import Point
from monitor.plots import draw, load_pygal

_TENTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]
_SIZES = {"label_font_size": 12, "major_label_font_size": 12, "title_font_size": 13, "no_data_font_size": 14}
"""Only for the room that words take; the page sets the same sizes."""


def draw_precision(ours: Sequence[Point], vader: Sequence[Point], at: Point | None, vader_at: Point | None) -> str:
    """How many of those raised are real (y) for every share of real ones found (x), as SVG; dots where the lines are drawn."""
    chart = _chart("found, of all there are", "real, of those raised")
    for curve in (ours, vader):
        chart.add("", _pairs(curve), show_dots=False)
    for dot in (at, vader_at):
        chart.add("", _pairs([dot] if dot else []), stroke=False, dots_size=5)
    return draw(chart)


def draw_calibration(points: Sequence[Point]) -> str:
    """How many are real (y) of texts that are given a share (x), as SVG; the second curve is where all shares would be right."""
    chart = _chart("share that was said", "real, of those texts")
    chart.add("", _pairs(points), dots_size=4)
    chart.add("", [(0, 0), (1, 1)], show_dots=False)
    return draw(chart)


def _pairs(points: Sequence[Point]) -> list[tuple[float, float]]:
    return [(point.x, point.y) for point in points]


def _chart(x_title: str, y_title: str) -> Any:
    pygal = load_pygal()
    return pygal.XY(
        style=pygal.style.Style(**_SIZES),
        js=(),
        width=400,
        height=300,
        margin=4,
        margin_right=16,  # half of the last label
        spacing=6,
        show_legend=False,
        x_title=x_title,
        y_title=y_title,
        range=(0, 1),
        xrange=(0, 1),
        x_labels=_TENTHS,
        y_labels=_TENTHS,
        x_value_formatter=_percent,
        value_formatter=_percent,
        no_prefix=True,
        disable_xml_declaration=True,
        no_data_text="too few texts",
    )


def _percent(value: float) -> str:
    return f"{value:.0%}"

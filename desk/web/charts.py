"""Plots, as pictures of their own: our policy allows no styles inside a page, and a picture's own are its own affair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from desk.web import says
from monitor.learning.account import Week
from monitor.plots import draw, load_pygal

SVG = "image/svg+xml"

_STYLES = """<style>
svg { color-scheme: light dark; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
rect.background { fill: none; }
text { fill: #59616c; }
.axis.y text { text-anchor: end; }
.axis.x text { text-anchor: middle; }
path { fill: none; stroke: #e2ddd3; }
.axis.x .guide { stroke: none; }
.serie-0 .rect { fill: #12655c; }
.serie-1 .rect { fill: #c9792b; }
.serie-2 .rect { fill: #8a8f96; }
.rect { stroke: #fff; stroke-width: 1.5px; }
@media (prefers-color-scheme: dark) {
  text { fill: #a5adb6; }
  path { stroke: #31383e; }
  .serie-0 .rect { fill: #6fd3c3; }
  .serie-1 .rect { fill: #d98a3d; }
  .serie-2 .rect { fill: #6d767f; }
  .rect { stroke: #1d2226; }
}
</style>"""
"""The colours of amends.css, and for what is not decided one that stands back."""


def draw_weeks(weeks: Sequence[Week], zone: str, *, wide: bool) -> str:
    """What was raised in each week as SVG: real, not real, and not decided, one above the other. `wide`: for a desk instead of a phone."""
    width, height = (680, 240) if wide else (326, 200)
    pygal = load_pygal()
    chart = pygal.StackedBar(
        style=pygal.style.Style(label_font_size=12, major_label_font_size=12),  # only for the room that words take
        js=(),
        width=width,
        height=height,
        explicit_size=True,
        margin=2,
        spacing=8,
        show_legend=False,
        truncate_label=-1,
        rounded_bars=2,
        y_labels=_steps(max((week.raised for week in weeks), default=0)),
        value_formatter=_figure,
        disable_xml_declaration=True,
    )
    chart.x_labels = _labels(weeks, zone, every=1 if wide else 2)
    chart.add("", [week.real for week in weeks])
    chart.add("", [week.not_real for week in weeks])
    chart.add("", [undecided(week) for week in weeks])
    return draw(chart).replace(">", f">{_STYLES}", 1)


def undecided(week: Week) -> int:
    """How many of those raised nobody has decided about."""
    return week.raised - week.real - week.not_real


def name_week(begins: datetime, zone: str) -> str:
    """The first day of a week: "5 Oct"."""
    return says.local(begins, zone).strftime("%-d %b")


def _labels(weeks: Sequence[Week], zone: str, *, every: int) -> list[str]:
    """The last week always has its name; on a narrow plot every other one goes without."""
    last = len(weeks) - 1
    return [name_week(week.begins, zone) if (last - at) % every == 0 else "" for at, week in enumerate(weeks)]


def _steps(highest: int) -> list[int]:
    """Whole numbers up the side, four or five of them: 0, 5, 10, …"""
    least = max(highest, 1) / 4
    size = 10 ** math.floor(math.log10(least)) if least > 1 else 1
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= least)
    return list(range(0, (math.ceil(max(highest, 1) / step) + 1) * step, step))


def _figure(value: float) -> str:
    return f"{value:,.0f}"

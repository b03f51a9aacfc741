"""Where the line between complaint and not is drawn while measuring: as the product draws it, from the scores alone. Labels have no say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.filter.evaluating.measures import Shares, Truth, find_each
from monitor.filter.expected import expect_best_line

FEWEST = 50
"""Texts of a language that say enough about their own line; with fewer, the shipped one holds."""


def draw_lines(groups: Sequence[str], shares: Shares, ruled: Truth, shipped: float) -> Mapping[str, float]:
    """A line for each group, from its shares alone; `ruled` texts do not count, for a rule and no line decides them."""
    return {name: _draw(shares[where][~ruled[where]], shipped) for name, where in find_each(groups).items()}


def _draw(shares: Shares, shipped: float) -> float:
    return expect_best_line(shares) if len(shares) >= FEWEST else shipped

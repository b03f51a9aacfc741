"""Plots by pygal, loaded when something is first drawn: nothing else needs it."""

from __future__ import annotations

import re
import sys
from typing import Any

_NOT_DRAWN = re.compile(
    r"<!--.*?-->|<script\b.*?</script>|<script\b[^>]*/>|<defs\b.*?</defs>|<desc\b.*?</desc>|<title>.*?</title>",
    re.DOTALL,
)
"""pygal adds a script even where none is asked for, styles of its own, a title to every label, and the day on which it drew."""


def load_pygal() -> Any:
    """The library, without the traces that loading it leaves."""
    import pygal

    # It leaves a finder of plug-ins behind in a form that Python gave up: every later import would warn of it.
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal


def draw(chart: Any) -> str:
    """A chart as SVG: shapes and words alone. How they look is for whoever shows it."""
    drawn: str = chart.render(is_unicode=True)
    return _NOT_DRAWN.sub("", drawn).replace(' id=""', "").strip()

"""pygal, which draws our plots, loaded when something is first drawn: nothing else needs it."""

from __future__ import annotations

import sys
from typing import Any


def load_pygal() -> Any:
    """The library, without the traces that loading it leaves."""
    import pygal

    # It leaves a finder of plug-ins behind in a form that Python gave up: every later import would warn of it.
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal

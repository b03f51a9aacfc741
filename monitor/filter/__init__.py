"""The filter: what a mention is, and why. `judge` is all that the rest of the house needs."""

from __future__ import annotations

from monitor.filter.cues import version
from monitor.filter.languages import LANGUAGES, warm_up
from monitor.filter.verdicts import judge

__all__ = ["LANGUAGES", "judge", "version", "warm_up"]

"""The filter: what a mention is, and why. `judge` is all that the rest of the house needs."""

from __future__ import annotations

from monitor.filter.cues import version
from monitor.filter.language import LANGUAGES, find_language, warm_up
from monitor.filter.verdicts import judge

__all__ = ["LANGUAGES", "find_language", "judge", "version", "warm_up"]

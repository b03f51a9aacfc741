"""The filter: what a mention is, and why. `judge` is all that the rest of the house needs."""

from __future__ import annotations

from monitor.filter.cues import version
from monitor.filter.language import find_language
from monitor.filter.verdicts import judge, judge_page, judge_page_again
from storage.languages import LANGUAGES

__all__ = ["LANGUAGES", "find_language", "judge", "judge_page", "judge_page_again", "version"]

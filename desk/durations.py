"""Durations as people write them: "60 s", "15 min", "2 h", "7 days"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

UNITS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "seconds": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hour": 3600,
    "hours": 3600,
    "d": 86400,
    "day": 86400,
    "days": 86400,
    "week": 604800,
    "weeks": 604800,
}
EXAMPLES = '"60 s", "15 min", "2 h" or "7 days"'
LONGEST = timedelta(days=3650)

_WRITTEN = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)")


def read_duration(written: object) -> timedelta:
    """Read a duration; raise ValueError with what to write instead. A bare number is refused: nobody knows its unit."""
    if isinstance(written, timedelta):
        return written
    match = _WRITTEN.fullmatch(written.strip().lower()) if isinstance(written, str) else None
    if not match or match[2] not in UNITS:
        raise ValueError(f"write a number with its unit, such as {EXAMPLES}")
    seconds = float(match[1]) * UNITS[match[2]]
    if not 0 < seconds <= LONGEST.total_seconds():
        raise ValueError("must be longer than nothing and shorter than ten years")
    return timedelta(seconds=seconds)


def write_duration(duration: timedelta) -> str:
    """The shortest way to write a duration that `read_duration` reads back."""
    seconds = duration.total_seconds()
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{int(seconds // length)} {unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"


Duration = Annotated[timedelta, BeforeValidator(read_duration)]

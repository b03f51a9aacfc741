"""A computer's clock that is set back: plans made by the old one lie too far ahead by the new one."""

from __future__ import annotations

from datetime import timedelta

import structlog

from desk.clock import ClockWatch, utc_now
from desk.wiring import House
from storage.engine import BaseUnavailable

_log = structlog.get_logger()


def watch_clock(clock: ClockWatch, house: House) -> None:
    """Look at the clock; when it was set back, say so and read every site anew."""
    jump = clock.look()
    if jump >= timedelta(0):
        return
    house.tell(f"The computer's clock was set back by {_tell(-jump)}. Nothing was posted twice or lost.")
    try:
        house.casebook.sources.poll_now(utc_now())
    except BaseUnavailable as unavailable:
        _log.error("the database cannot be written", why=unavailable.why)


def _tell(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    return f"{round(seconds / 60)} min" if seconds >= 120 else f"{seconds} s"

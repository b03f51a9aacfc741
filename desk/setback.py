"""A computer's clock that is set: holds run on, and what was planned by the old clock begins its wait anew."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from desk.clock import JUMP, ClockWatch
from desk.wiring import House
from desk.work import open_outbox
from responders.outbox import clock_was_set
from storage.engine import BaseUnavailable

_log = structlog.get_logger()


def watch_clock(clock: ClockWatch, house: House) -> None:
    """Look at the clock and note the time in the base; a clock that was set is put right, and one set back is told.

    Set back is noticed even when it happened while nothing was running: the newest time noted stands in the base.
    """
    jump = put_right(clock, house)
    try:
        now = clock.wall()
        back = house.casebook.clocks.note(now)
        if back:
            house.casebook.digests.not_yet(now.astimezone(ZoneInfo(house.settings.digest_zone)).date(), now)
    except BaseUnavailable as unavailable:  # the time noted last will tell of it once the base is back
        _log.debug("the time could not be noted", why=unavailable.why)
        return
    back = max(back, -(jump or timedelta(0)))
    if back >= JUMP:
        house.tell(f"The computer's clock was set back by {_tell(back)}. Nothing was posted twice or lost.")


def put_right(clock: ClockWatch, house: House) -> timedelta | None:
    """Before any work is looked for: the clock's jump since the last look, put right. None while the base does not take it: then
    nothing may be done, for a hold would seem to be over that is not."""
    try:
        return clock.settle(lambda jump: clock_was_set(open_outbox(house), jump))
    except BaseUnavailable as unavailable:
        _log.debug("the clock was set, and that could not be put right yet", why=unavailable.why)
        return None


def _tell(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    return f"{round(seconds / 60)} min" if seconds >= 120 else f"{seconds} s"

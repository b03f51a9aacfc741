"""What goes wrong with a request, on a stage: the town's own mishaps, and late ones by the town's clock.

The town's own servers are late by real seconds; here a late request is carried out when the town's clock comes to its time, however
far a run turns it, and the same run has it at the same time again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sandbox.mishaps import NAMES, POSTING, READING, mishap, reading_mishap
from torture.town import Late, Town

LATE: Mapping[str, bool] = {"late": False, "late_error": True}
"""Names of what is carried out late, and whether the sender hears of trouble at once instead of nothing."""

LATEST = timedelta(seconds=45)
"""How long after it was sent a request is carried out at most. Together with the lag it stays below every platform's settle window."""

LAG = timedelta(seconds=30)
"""How far a platform's lists are behind at most: X's are half a minute (places/x/place.py)."""

SLOW = frozenset({"silent_before", "silent_after", "drip", "drip_head"})
"""Mishaps that cost the real time of a time-out."""

QUICK = tuple(name for name in NAMES if name not in SLOW)

REMOVING: Mapping[str, tuple[str, str]] = {
    "x": ("DELETE", r"^/2/tweets/"),
    "reddit": ("POST", r"^/api/del"),
    "mastodon": ("DELETE", r"^/api/v1/statuses/"),
    "bluesky": ("POST", r"deleteRecord$"),
}
"""Place to the one request that takes a post down."""


def befall_posting(town: Town, name: str, times: int | None, skip: int = 0, by: timedelta = LATEST) -> None:
    """From now on `name` befalls the request that posts, so many times (None: until the town is calm)."""
    if name in LATE:
        town.late.append(Late(*POSTING[town.place], by, times, skip, LATE[name]))
    else:
        town.faults.add(*mishap(name, town.place, times=times, skip=skip))


def befall_reading(town: Town, name: str, times: int | None, skip: int = 0) -> None:
    """The same with whatever reads."""
    if name in LATE:
        town.late.append(Late(*READING, LATEST, times, skip, LATE[name]))
    else:
        town.faults.add(*reading_mishap(name, town.place, times=times, skip=skip))


def befall_removing(town: Town, name: str, times: int | None) -> None:
    """The same with the request that takes a post down."""
    method, path = REMOVING[town.place]
    if name in LATE:
        town.late.append(Late(method, path, LATEST, times, 0, LATE[name]))
        return
    posting = POSTING[town.place]
    for fault in mishap(name, town.place, times=times):
        ours = (fault.method, fault.path) == posting
        town.faults.add(replace(fault, method=method, path=path) if ours else fault)

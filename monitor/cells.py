"""What people write into the cells "date" and "rating" of a file."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Dates outside are mistakes: the web begins about then, and milliseconds taken for seconds end in the year 50000."""

_DAY_FIRST = re.compile(
    r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:[,T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)  # 22.11.2026 16:45
_UNIX = re.compile(r"\d{9,10}(?:\.\d+)?", re.ASCII)
_UNIX_MILLISECONDS = re.compile(r"\d{12,13}", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:/|out of|of|из|din)\s*(\d+)", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
_STARS = re.compile(r"([★⭐\ufe0f]*)☆*")


class Unclear(ValueError):
    """A cell cannot be read; the message says which and why."""


def read_date(cell: str, now: datetime) -> datetime:
    """An instant in UTC from ISO 8601, dd.mm.yyyy (or dd/mm/yyyy) with or without a time, or Unix seconds or milliseconds.

    Without a zone it is UTC; an empty cell is `now`. Raises Unclear.
    """
    cell = cell.strip()
    if not cell:
        return now
    try:
        found = _read_instant(cell)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Unclear(f"its date “{cell[:40]}” is not clear; write 2026-11-22 or 22.11.2026")
    if not EARLIEST <= found <= LATEST:
        raise Unclear(f"its date “{cell[:40]}” lies too far from today")
    return found


def _read_instant(cell: str) -> datetime | None:
    if _UNIX.fullmatch(cell):
        return datetime.fromtimestamp(float(cell), UTC)
    if _UNIX_MILLISECONDS.fullmatch(cell):
        return datetime.fromtimestamp(int(cell) / 1000, UTC)
    by_day = _DAY_FIRST.fullmatch(cell)
    if by_day:
        day, month, year, hour, minute, second = (int(part or 0) for part in by_day.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    if not _ISO_DAY.match(cell):
        return None
    found = datetime.fromisoformat(cell)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def read_rating(cell: str) -> int | None:
    """Stars, 1..5, from "4", "4.0", "2/5", "3 out of 5", "★★"; an empty cell and 0 are None. Halves go down. Raises Unclear.

    A rating out of another number is brought to five, up to the next whole star ("7/10" is 4).
    """
    cell = cell.strip()
    if not cell:
        return None
    stars = _STARS.fullmatch(cell)
    if stars:
        return _check(sum(mark in "★⭐" for mark in stars[1]), cell)
    found = _OUT_OF.fullmatch(cell.lower())
    if found:
        got, most = float(found[1].replace(",", ".")), int(found[2])
        if not 1 <= most <= 100 or got > most:
            raise Unclear(f"its rating “{cell[:20]}” is not clear; write 1 to 5")
        return _check(math.floor(got) if most == 5 else math.ceil(got * 5 / most), cell)
    if _NUMBER.fullmatch(cell):
        return _check(math.floor(float(cell.replace(",", "."))), cell)
    raise Unclear(f"its rating “{cell[:20]}” is not clear; write 1 to 5")


def _check(stars: int, cell: str) -> int | None:
    if not 0 <= stars <= 5:
        raise Unclear(f"its rating “{cell[:20]}” is not from 1 to 5")
    return stars or None

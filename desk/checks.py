"""Checks on single values of the config file; each says what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import time
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def nearest(wrong: str, known: Iterable[str]) -> str:
    """A question mark's worth of help: ' Did you mean "port"?', or nothing when no known word is near."""
    close = difflib.get_close_matches(wrong.lower(), {word.lower(): word for word in known}, n=1, cutoff=0.6)
    match = next((word for word in known if close and word.lower() == close[0]), None)
    return f' Did you mean "{match}"?' if match else ""


def no_truth(value: object) -> object:
    """Keep true and false from passing for numbers."""
    if isinstance(value, bool):
        raise ValueError("write a number")  # noqa: TRY004 - pydantic turns a ValueError, and no other, into an answer
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_zone(name: str) -> str:
    """A time zone's name as the world writes it."""
    if name not in _zones():
        raise ValueError(f'not a time zone; write one such as "Europe/Bucharest".{nearest(name, sorted(_zones()))}')
    return name


def check_email(address: str) -> str:
    """A plain mail address: no name, no blanks, nothing that could become a second header."""
    if not _EMAIL.fullmatch(address) or ".." in address:
        raise ValueError('not a mail address; write one such as "ana@rosebakery.example"')
    return address


def read_local_time(written: object) -> object:
    """A time of day, "08:00"."""
    if isinstance(written, time):
        return written.replace(tzinfo=None)
    if not isinstance(written, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", written):
        raise ValueError('write a time of day, such as "08:00"')
    return time.fromisoformat(written)


def check_hours(hours: dict[str, str]) -> dict[str, str]:
    """Opening hours: a day's short name, and from when to when or "closed"."""
    for day, written in hours.items():
        if day not in DAYS:
            raise ValueError(f'"{day}" is not a day; write mon, tue, wed, thu, fri, sat or sun.{nearest(day, DAYS)}')
        match = _HOURS.fullmatch(written)
        if written != "closed" and (
            not match or match[3] + match[4] > "2400" or match[1] + match[2] >= match[3] + match[4]
        ):
            raise ValueError(f'{day} = "{written}" cannot be read; write "08:00-18:00" or "closed"')
    return hours


Port = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=65535)]
Zone = Annotated[str, AfterValidator(check_zone)]
Email = Annotated[str, AfterValidator(check_email)]
ZoneOrNone = Annotated[str, AfterValidator(lambda name: name and check_zone(name))]
EmailOrNone = Annotated[str, AfterValidator(lambda address: address and check_email(address))]
LocalTime = Annotated[time, BeforeValidator(read_local_time)]
Hours = Annotated[dict[str, str], AfterValidator(check_hours)]

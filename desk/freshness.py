"""Silence is a fault: which sites we cannot see and which replies do not go out, since when, why, and what to do about it.

Every source and the outbox have a freshness. The same words stand above the inbox, on top of the digest, in the alert mail and on
the page of sites; machines read the same from /healthz.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from desk.openers import TITLES
from places.doors import Place, Source
from storage.reading import Reading
from storage.views import BlindWindow, LateReply, SourceState
from storage.words import Brand, Cause

REASON: Mapping[Cause, str] = {
    Cause.KEY: "the key or the account is not accepted",
    Cause.LIMIT: "the limit is reached",
    Cause.DOWN: "the site does not answer",
    Cause.OURS: "a mistake in Amends",
    Cause.OFF: "nobody has looked",
}
"""Why, in few words of ours."""

WAS: Mapping[Cause, str] = {
    Cause.KEY: "the key or the account was not accepted",
    Cause.LIMIT: "the limit was reached",
    Cause.DOWN: "the site did not answer",
    Cause.OURS: "a mistake in Amends",
    Cause.OFF: "Amends was not running",
}
"""The same, of what is over."""

WHAT_TO_DO: Mapping[Cause, str] = {
    Cause.KEY: "This stays so until you act: put in a key that works and start Amends again.",
    Cause.LIMIT: "It goes on by itself; you need not do anything.",
    Cause.DOWN: "We keep trying. If the site works in your browser, amends doctor says more.",
    Cause.OURS: "We keep trying. The log says what happened; please report it.",
    Cause.OFF: "Is the service that does the work running? amends doctor says more.",
}
"""What the owner can do, a sentence or two."""

RECENT = timedelta(days=1)
"""How long after its end a window is still news."""


class House(Protocol):
    """What is asked of the house."""

    @property
    def reading(self) -> Reading:
        """What the base holds."""
        ...

    @property
    def brands(self) -> Mapping[str, Brand]:
        """Brands by key."""
        ...

    @property
    def places(self) -> Mapping[str, Place]:
        """Places by name."""
        ...

    @property
    def sources(self) -> Mapping[str, Source]:
        """What the settings let us read; a source taken out of them is nobody's business any more."""
        ...


@dataclass(frozen=True, slots=True)
class Silence:
    """Something that should have been heard of by now. `thing` names it for machines; `tried` says whether it failed or nobody tried."""

    thing: str
    brand: str
    site: str
    since: datetime
    cause: Cause
    why: str
    next_at: datetime | None = None
    tried: bool = True
    replies: int = 0  # how many approved replies are late; 0: it is about reading

    def tell(self, zone: str, now: datetime) -> str:
        """All of it for the owner, in their time."""
        since = clock(self.since, zone, now)
        if self.replies:
            what = "An approved reply" if self.replies == 1 else f"{self.replies} approved replies"
            begun = f"{what} for {self.site} {'has' if self.replies == 1 else 'have'} been waiting since {since}."
            return f"{begun} {_sentence(self.why) or WHAT_TO_DO[self.cause]}"
        told = [f"We have not seen {self.site} since {since}.", _sentence(self.why or REASON[self.cause])]
        if self.cause is not Cause.KEY or "." not in self.why.rstrip("."):
            told.append(WHAT_TO_DO[self.cause])
        if self.next_at is not None and self.next_at > now and self.cause is not Cause.OFF:
            told.append(f"Next try {clock(self.next_at, zone, now)}.")
        return " ".join(told)


def is_ours(house: House, source_key: str, brand: str, place: str) -> bool:
    """Whether the settings still want a source read: it is open, or its whole place could not be opened (a key is missing).

    A search that was switched off, or an account taken out of the settings, is nobody's business any more.
    """
    if source_key in house.sources:
        return True
    wanted = brand in house.brands and place in house.brands[brand].handles
    return wanted and all((one.brand, one.place) != (brand, place) for one in house.sources.values())


def silences(house: House, now: datetime) -> tuple[Silence, ...]:
    """Every source that is stale and every brand's replies that are late, longest silence first."""
    states = (state for state in house.reading.sources() if is_ours(house, state.key, state.brand, state.place))
    found = [_of_source(house, state) for state in states if state.is_stale(now)]
    found += [_of_replies(house, late) for late in house.reading.late_replies(now) if late.brand in house.brands]
    return tuple(sorted(found, key=lambda one: (one.since, one.thing)))


def by_site(found: Iterable[Silence]) -> tuple[Silence, ...]:
    """One for each site and cause, the longest: two sources of a place that are silent for the same reason are one trouble."""
    shown: dict[tuple[str, Cause, bool], Silence] = {}
    for one in found:
        shown.setdefault((one.site, one.cause, bool(one.replies)), one)
    return tuple(shown.values())


def recent_windows(house: House, now: datetime, length: timedelta = RECENT) -> tuple[BlindWindow, ...]:
    """Blind windows of what we still read that ended lately, newest first."""
    found = house.reading.blind_windows(now - length)
    return tuple(one for one in found if is_ours(house, one.source_key, one.brand, one.place))


def tell_window(house: House, window: BlindWindow, zone: str, now: datetime) -> str:
    """A window that is over: from when to when, why, and whether anything may be missing."""
    site = site_of(house, window.place)
    span = f"from {clock(window.began_at, zone, now)} to {clock(window.ended_at, zone, now)}"
    if window.gap:
        after = "Some of what was written then may be missing, because the site shows no further back."
    elif window.caught_up_at is None:
        after = "We are still reading what was written then."
    else:
        after = "What was written then has been read since."
    return f"We couldn't see {site} {span}: {WAS[window.cause]}. {after}"


def site_of(house: House, place: str) -> str:
    """What people call a place."""
    known = house.places.get(place)
    return known.capabilities.title if known else TITLES.get(place, place)


def clock(instant: datetime, zone: str, now: datetime) -> str:
    """ "14:05" today, else "Tue 24 Nov, 14:05", on the owner's clock."""
    local = instant.astimezone(ZoneInfo(zone))
    if local.date() == now.astimezone(ZoneInfo(zone)).date():
        return f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def _of_source(house: House, state: SourceState) -> Silence:
    closed = state.key not in house.sources
    told = Cause.KEY if closed else state.cause
    return Silence(
        thing=state.key,
        brand=state.brand,
        site=site_of(house, state.place),
        since=state.seen_until,
        cause=told or (Cause.DOWN if state.last_error else Cause.OFF),
        why="A key is missing." if closed else state.last_error or "",
        next_at=None if closed else state.next_at,
        tried=state.failures > 0,
    )


def _of_replies(house: House, late: LateReply) -> Silence:
    return Silence(
        thing=f"outbox:{late.brand}:{late.place}",
        brand=late.brand,
        site=site_of(house, late.place),
        since=late.since,
        cause=Cause.DOWN if late.why else Cause.OFF,
        why=late.why or "",
        tried=bool(late.why),
        replies=late.number,
    )


def _sentence(words: str) -> str:
    """With a capital at its beginning and a full stop at its end."""
    said = words.strip()
    if not said:
        return ""
    return f"{said[0].upper()}{said[1:]}{'' if said.endswith(('.', '!', '?')) else '.'}"

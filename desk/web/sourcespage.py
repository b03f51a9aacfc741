"""How each source is doing, in the owner's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.freshness import WHAT_TO_DO, is_ours, recent_windows, tell_window
from desk.web.editing import site_name
from desk.web.house import House
from storage.views import SourceState


@dataclass(frozen=True, slots=True)
class ShownSource:
    """One source. `title` says what is read: "X: who mentions Rose Bakery"."""

    one: SourceState
    title: str
    stale: bool
    zone: str
    do: str = ""


READS = {"mentions": "who mentions you", "search": "who speaks of you", "hashtag": "a hashtag"}


def gather(house: House, now: datetime) -> tuple[ShownSource, ...]:
    """Every source, those in trouble first."""
    ours = (one for one in house.reading.sources() if is_ours(house, one.key, one.brand, one.place))
    shown = [_show(house, one, now) for one in ours]
    return tuple(sorted(shown, key=lambda one: (not one.stale, one.one.last_error is None, one.title)))


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """A time in which a source was not seen. `told` says it all; `gap`: something may be missing."""

    title: str
    told: str
    gap: bool


WINDOWS_FOR = timedelta(days=30)
"""How far back windows are shown."""


def blind_windows(house: House, now: datetime) -> tuple[ShownWindow, ...]:
    """The windows of the last thirty days, newest first."""
    titles = {one.one.key: (one.title, one.zone) for one in gather(house, now)}
    return tuple(
        ShownWindow(titles[one.source_key][0], tell_window(house, one, titles[one.source_key][1], now), one.gap)
        for one in recent_windows(house, now, WINDOWS_FOR)
        if one.source_key in titles
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """One thing that came and could not be read. It is kept, and cost nothing but itself."""

    at: datetime
    source: str
    why: str
    raw: str


def unread(house: House, limit: int = 20) -> tuple[Unread, ...]:
    """The newest posts that could not be read."""
    titles = {one.key: _show(house, one, one.opened_at).title for one in house.reading.sources()}
    found = house.reading.quarantined(limit)
    return tuple(Unread(at, titles.get(source, source), why, raw) for at, source, why, raw in found)


def _show(house: House, one: SourceState, now: datetime) -> ShownSource:
    brand = house.brands.get(one.brand)
    reads = READS.get(one.key.split(":")[1], "") if one.key.count(":") >= 2 else READS["search"]
    title = f"{site_name(house, one.place)}: {brand.name if brand else one.brand}" + (f", {reads}" if reads else "")
    zone = brand.time_zone if brand else "UTC"
    return ShownSource(one, title, one.is_stale(now), zone, WHAT_TO_DO[one.cause] if one.cause else "")

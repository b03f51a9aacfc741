"""How each source is doing, in the owner's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


READS = {"mentions": "who mentions you", "search": "who speaks of you"}


def gather(house: House, now: datetime) -> tuple[ShownSource, ...]:
    """Every source, those in trouble first."""
    shown = [_show(house, one, now) for one in house.reading.sources()]
    return tuple(sorted(shown, key=lambda one: (not one.stale, one.one.last_error is None, one.title)))


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
    reads = READS.get(one.key.split(":")[1], "") if one.key.count(":") == 2 else READS["search"]
    title = f"{site_name(house, one.place)}: {brand.name if brand else one.brand}" + (f", {reads}" if reads else "")
    return ShownSource(one, title, one.is_stale(now), brand.time_zone if brand else "UTC")

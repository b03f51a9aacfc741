"""Everything that was heard and raised no case: what each mention was taken for, and why."""

from __future__ import annotations

from dataclasses import dataclass

from desk.web import says
from desk.web.editing import account_name, site_name
from desk.web.house import House
from desk.web.lookalike import imitates
from desk.web.visitor import NotFound, Visitor
from storage.views import Unraised
from storage.words import Brand, Kind

PAGE = 50


@dataclass(frozen=True, slots=True)
class ShownMention:
    """One mention. `taken_for` and `told` are sentences: what we took it for, and what a person said of it, if anybody did; `why` is the first
    reason for the former, where there is one to tell."""

    one: Unraised
    brand: Brand
    site: str
    handle: str
    imitates: bool
    taken_for: str
    why: str
    told: str


@dataclass(frozen=True, slots=True)
class HeardPage:
    """What `heard.html` shows. `older` is where the next page begins, None on the last one."""

    brand: str
    mentions: tuple[ShownMention, ...]
    older: int | None
    newest: bool


def gather(visitor: Visitor, brand: str, before: int | None) -> HeardPage:
    """Read one page. Raises NotFound for a brand that we do not know."""
    house = visitor.house
    if brand and brand not in house.brands:
        raise NotFound
    found = house.reading.unraised([brand] if brand else list(house.brands), before, PAGE + 1)
    shown = found[:PAGE]
    return HeardPage(
        brand=brand,
        mentions=tuple(_show(house, one) for one in shown),
        older=shown[-1].mention_id if len(found) > PAGE else None,
        newest=before is None,
    )


def _show(house: House, one: Unraised) -> ShownMention:
    brand = house.brands[one.brand]
    return ShownMention(
        one=one,
        brand=brand,
        site=site_name(house, one.place),
        handle=account_name(one.place, one.handle),
        imitates=imitates(brand, one.name, one.handle),
        taken_for=_taken_for(one),
        why="" if one.reason_code in _NO_REASONS else one.reason,
        told=_told(one),
    )


_NO_REASONS = frozenset({"", "nothing"})
"""What the filter says where nothing speaks for a complaint: that needs no telling."""

_ASIDE = {
    "old": "A complaint, but too old to raise by itself",
    "stored": "A complaint from a file that was only to be kept",
}


def _taken_for(one: Unraised) -> str:
    if one.kind is Kind.COMPLAINT:
        return _ASIDE.get(one.aside or "", "A complaint that raised nothing")
    return f"We {'raised it first, then ' if one.taken_back else ''}took it for {says.KINDS[one.kind]}"


def _told(one: Unraised) -> str:
    if one.told is None:
        return ""
    kind = one.told_kind or (Kind.COMPLAINT if one.told else None)
    return f"You said: {says.KINDS[kind]}." if kind else "You said: no complaint."

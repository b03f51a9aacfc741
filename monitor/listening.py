"""How a brand is listened for just now: what its people have taught, where it fits the looks that judge."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import structlog

from monitor.filter.learned import AS_SHIPPED, Head, Learned, Unreadable, read_heads
from monitor.filter.weights import WeightsDamaged, version_of
from storage.casebook import Casebook
from storage.views import Hearing
from storage.words import Kind

NO_LOOK = "cues"

log = structlog.get_logger(__name__)


def looks(*, deep: bool) -> str:
    """The versions of the looks that judge here, the second among them if `deep`: lines and weights are made for these and no others."""
    try:
        first = version_of("first")
    except WeightsDamaged:
        return NO_LOOK
    if not deep:
        return first
    try:
        return f"{first}+{version_of('second')}"
    except WeightsDamaged:
        return first


def how_to_listen(casebook: Casebook, brand: str) -> Learned:
    """What a brand has taught; as shipped where it has not, or where the looks have changed since and are yet to learn anew."""
    hearing = casebook.hearings.current(brand)
    if hearing is None:
        return AS_SHIPPED
    made_for, _, second = hearing.model.partition("+")
    if made_for != looks(deep=False):
        return AS_SHIPPED
    first, both = _heads(hearing)
    if second != _second():
        return Learned(hearing.line_first, None, first)
    return Learned(hearing.line_first, hearing.line_both, first, both)


def _heads(hearing: Hearing) -> tuple[Mapping[Kind, Head], Mapping[Kind, Head]]:
    if hearing.weights is None:
        return {}, {}
    try:
        return read_heads(hearing.weights)
    except Unreadable as unreadable:
        _tell_once(hearing.brand, hearing.version, str(unreadable))
        return {}, {}


def _second() -> str:
    try:
        return version_of("second")
    except WeightsDamaged:
        return ""


@cache
def _tell_once(brand: str, version: int, why: str) -> None:
    log.error("a brand is listened for as shipped", brand=brand, version=version, why=why)

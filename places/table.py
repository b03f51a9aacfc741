"""The table of places: name to the function that opens it for a brand. Packages of others add theirs by entry points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from places.doors import Opened

GROUP = "amends.places"
"""Entry points of this group add places: their name is the place's, their object the opening function."""

PLACES: Mapping[str, str] = {
    "x": "places.x:open_x",
    "reddit": "places.reddit:open_reddit",
    "mastodon": "places.mastodon:open_mastodon",
    "bluesky": "places.bluesky:open_bluesky",
    "paste": "places.by_hand:open_paste",
    "import": "places.by_hand:open_import",
}

Opener = Callable[..., Opened]
"""`open_it(brand, settings) -> Opened`; each place has settings of its own type."""


def place_names() -> tuple[str, ...]:
    """Every place there is, ours first."""
    return (*PLACES, *sorted({entry.name for entry in entry_points(group=GROUP)} - PLACES.keys()))


def opener(place: str) -> Opener:
    """The function that opens a place. Raises KeyError for a place that nobody brought.

    A package of others cannot take the name of one of ours.
    """
    if place in PLACES:
        module, _, name = PLACES[place].partition(":")
        found: Any = getattr(import_module(module), name)
        return found  # type: ignore[no-any-return]  # import_module knows no types
    for entry in entry_points(group=GROUP, name=place):
        return entry.load()  # type: ignore[no-any-return]  # nor do entry points
    raise KeyError(place)

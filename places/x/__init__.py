"""X, through tweepy."""

from __future__ import annotations

from places.doors import Opened
from places.x.identity import Identity
from places.x.place import XPlace
from places.x.publisher import XPublisher
from places.x.query import queries
from places.x.settings import XSettings
from places.x.source import Mentions, Search, XSource
from places.x.wire import XWire
from storage.words import Brand

__all__ = ["XPlace", "XPublisher", "XSettings", "XSource", "open_x"]


def open_x(brand: Brand, settings: XSettings) -> Opened:
    """X opened for a brand. Asks no network.

    Mentions are read where the brand has a handle on X; searches where `settings.search` says so; there is a publisher where there are
    keys of an account. Reading and writing have a wire each, so that a slow read does not hold up a reply.
    """
    handle = brand.handles.get("x", "").lstrip("@")
    reading = XWire(settings)
    identity = Identity(reading, settings, handle)
    sources: list[XSource] = []
    if handle:
        mentions = Mentions(reading, identity, settings)
        sources.append(XSource(f"x:mentions:{brand.key}", brand.key, mentions, reading, settings))
    for n, query in enumerate(queries(brand, handle) if settings.search else (), 1):
        key = f"x:search:{brand.key}" + (f":{n}" if n > 1 else "")
        sources.append(XSource(key, brand.key, Search(reading, settings, query), reading, settings))
    writing = XWire(settings)
    publisher = XPublisher(writing, identity, settings) if handle and settings.can_post else None
    return Opened(XPlace(settings.site_url), tuple(sources), publisher)

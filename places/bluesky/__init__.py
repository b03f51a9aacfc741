"""Bluesky, through atproto. `open_bluesky` gives the three doors for one brand; everything else here is behind them.

Importing atproto takes a second and thirty megabytes: that is left until Bluesky is first asked for something.
"""

from __future__ import annotations

from places.bluesky.line import Line
from places.bluesky.memory import Memory
from places.bluesky.place import BlueskyPlace
from places.bluesky.posts import Reader
from places.bluesky.publisher import BlueskyPublisher
from places.bluesky.session import Session
from places.bluesky.settings import BlueskySettings
from places.bluesky.source import BlueskySource, Mentions, Search, phrases
from places.doors import Opened
from storage.words import Brand

__all__ = ["BlueskyPlace", "BlueskyPublisher", "BlueskySettings", "BlueskySource", "open_bluesky"]


def open_bluesky(brand: Brand, settings: BlueskySettings) -> Opened:
    """Bluesky opened for a brand. Asks no network.

    Whoever mentions, answers or quotes the account is read; posts that only name the brand are where `settings.search` says so. Reading
    and writing share a log-in and have a line each, so that a slow read does not hold up a reply.
    """
    session, memory = Session(settings), Memory()
    reading, writing = Line(settings, session), Line(settings, session)
    reader = Reader(settings, session, memory)
    sources = [BlueskySource(f"bluesky:mentions:{brand.key}", brand.key, Mentions(reading), reading, reader)]
    for n, phrase in enumerate(phrases(brand) if settings.search else (), 1):
        key = f"bluesky:search:{brand.key}" + (f":{n}" if n > 1 else "")
        sources.append(BlueskySource(key, brand.key, Search(reading, phrase), reading, reader))
    publisher = BlueskyPublisher(writing, settings, memory)
    return Opened(BlueskyPlace(settings.site_url), tuple(sources), publisher)

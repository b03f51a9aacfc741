"""Reddit by its public feeds: read without a key, answered by hand. `open_reddit_feed` gives what there is of the three doors."""

from __future__ import annotations

from dataclasses import replace

from places.doors import Capabilities, Opened, Repeat
from places.reddit.feed_pace import pace_of
from places.reddit.feed_settings import FeedSettings
from places.reddit.feed_source import FeedSource
from places.reddit.feed_wire import FeedWire
from places.reddit.names import Names
from places.reddit.place import CAPABILITIES, RedditPlace
from storage.words import Account, Brand, name_id

BY_HAND = "Without keys, Reddit takes no answers from Amends. You post this one on Reddit's own page; we copy it and open the thread."

READS_ONLY: Capabilities = replace(
    CAPABILITIES, posts=False, removes=False, private=False, repeat=Repeat.NEVER, by_hand=BY_HAND
)


class FeedPlace(RedditPlace):
    """Reddit, where nothing is written through it."""

    capabilities = READS_ONLY


def open_reddit_feed(brand: Brand, settings: FeedSettings) -> Opened:
    """Reddit's feeds for one brand. Asks no network. `brand.handles["reddit"]` or `settings.handle` may be ours, or empty."""
    handle = settings.handle or brand.handles.get("reddit", "")
    settings = replace(settings, handle=handle)
    pace = pace_of(settings.feed_url, settings.every)
    source = FeedSource(brand, settings, FeedWire(settings, pace), pace, Names(brand, handle))
    ours = Account("reddit", name_id(handle), handle) if handle else None
    return Opened(FeedPlace(settings.site_url), (source,), None, account=ours, slowest=settings.every)

"""Reddit, through praw, or by its public feeds where there are no keys.

`open_reddit` and `open_reddit_feed` give what there is of the three doors for one brand; everything else here is behind them.
"""

from __future__ import annotations

from places.doors import Opened
from places.reddit.feed import FeedPlace, open_reddit_feed
from places.reddit.feed_settings import FeedSettings
from places.reddit.line import Line
from places.reddit.names import Names
from places.reddit.place import RedditPlace
from places.reddit.publisher import RedditPublisher
from places.reddit.settings import RedditSettings
from places.reddit.shapes import Closed, Reader
from places.reddit.source import RedditSource
from storage.words import Brand

__all__ = [
    "FeedPlace",
    "FeedSettings",
    "RedditPlace",
    "RedditPublisher",
    "RedditSettings",
    "RedditSource",
    "open_reddit",
    "open_reddit_feed",
]


def open_reddit(brand: Brand, settings: RedditSettings) -> Opened:
    """Reddit for one brand. Asks no network. Without an account's keys there is no publisher: Reddit is then only read."""
    handle = settings.username or brand.handles.get("reddit", "")
    line, closed = Line(settings), Closed()
    source = RedditSource(line, brand, Reader(settings.site_url, closed), Names(brand, handle))
    publisher = RedditPublisher(line, handle, closed) if settings.has_account else None
    return Opened(RedditPlace(settings.site_url), (source,), publisher)

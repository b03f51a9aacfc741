"""Reddit, through praw. `open_reddit` gives the three doors for one brand; everything else here is behind them."""

from __future__ import annotations

from places.doors import Opened
from places.reddit.line import Line
from places.reddit.names import Names
from places.reddit.place import RedditPlace
from places.reddit.publisher import RedditPublisher
from places.reddit.settings import RedditSettings
from places.reddit.shapes import Closed, Reader
from places.reddit.source import RedditSource
from storage.words import Brand

__all__ = ["RedditPlace", "RedditPublisher", "RedditSettings", "RedditSource", "open_reddit"]


def open_reddit(brand: Brand, settings: RedditSettings) -> Opened:
    """Reddit for one brand. Asks no network. Without an account's keys there is no publisher: Reddit is then only read."""
    handle = settings.username or brand.handles.get("reddit", "")
    line, closed = Line(settings), Closed()
    source = RedditSource(line, brand, Reader(settings.site_url, closed), Names(brand, handle))
    publisher = RedditPublisher(line, handle, closed) if settings.has_account else None
    return Opened(RedditPlace(settings.site_url), (source,), publisher)

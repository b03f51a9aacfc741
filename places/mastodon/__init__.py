"""Mastodon, through Mastodon.py. `open_mastodon` gives the three doors for one brand; everything else here is behind them."""

from __future__ import annotations

from places.doors import Opened
from places.mastodon.handles import Home
from places.mastodon.identity import Identity
from places.mastodon.instance import Instance
from places.mastodon.place import MastodonPlace
from places.mastodon.publisher import MastodonPublisher
from places.mastodon.questions import Hashtag, Mentions, Question, Search, searched_names
from places.mastodon.settings import MastodonSettings
from places.mastodon.source import MastodonSource
from places.mastodon.statuses import Reader
from places.mastodon.threads import Threads
from places.mastodon.wire import MastodonWire
from storage.words import Brand

__all__ = ["MastodonPlace", "MastodonPublisher", "MastodonSettings", "MastodonSource", "open_mastodon"]


def open_mastodon(brand: Brand, settings: MastodonSettings) -> Opened:
    """Mastodon opened for a brand whose handle there is "name@instance". Asks no network.

    Who names the account is always read; hashtags and searches where the settings say so. Reading and writing have a wire each, so
    that a slow read does not hold up a reply.
    """
    home = Home.of(brand.handles["mastodon"], settings.instance_url)
    reader, instance = Reader(home, settings.site_url), Instance()
    reading, writing = MastodonWire(settings), MastodonWire(settings)
    threads = Threads(reading, reader)
    asked: list[tuple[str, Question]] = [("mentions", Mentions(reading, instance))]
    asked += [("hashtag", Hashtag(reading, tag)) for tag in settings.hashtags]
    asked += [("search", Search(reading, name)) for name in (searched_names(brand) if settings.search else ())]
    sources = []
    for n, (kind, question) in enumerate(asked):
        nth = sum(one == kind for one, _ in asked[: n + 1])
        key = f"mastodon:{kind}:{brand.key}" + (f":{nth}" if nth > 1 else "")
        sources.append(MastodonSource(key, brand.key, question, reading, reader, threads))
    publisher = MastodonPublisher(writing, Identity(writing, home), home, reader, instance, settings)
    return Opened(MastodonPlace(instance, reader), tuple(sources), publisher)

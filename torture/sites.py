"""The platforms of the town that the harness posts on: how each is built, opened, made slow, and read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from places.bluesky import BlueskySettings
from places.doors import Opened
from places.mastodon import MastodonSettings
from places.reddit import RedditSettings
from places.table import opener
from places.x import XSettings
from sandbox.bluesky import BlueskyOptions, create_bluesky
from sandbox.keys import bluesky_keys, mastodon_keys, reddit_keys, x_keys
from sandbox.mastodon import MastodonOptions, create_mastodon
from sandbox.reddit import create_reddit
from sandbox.reddit.asking import RedditOptions
from sandbox.world import World
from sandbox.x import create_x
from sandbox.x.limits import LIMITS
from sandbox.x.options import XOptions
from storage.words import Brand

KEY = "rosebakery"
PATIENCE = 0.8
"""Seconds after which the harness's clients give up on an answer: long for a machine at work, short for a hundred thousand runs."""
BOARD = "rosetown"
PLENTY = 10**9


@dataclass(frozen=True, slots=True)
class Site:
    """One platform. `handle` is ours in the settings, `build` gives its server and the options to turn, `settings` what opens it at an address,
    `says` what people read of a text as it was sent there, `board` where the bakery is talked of."""

    place: str
    handle: str
    build: Callable[[World], tuple[Any, Any]]
    settings: Callable[[str], Any]
    says: Callable[[str], str] = lambda text: text
    board: str = ""

    def open(self, url: str) -> Opened:
        """The place as the bakery has it. Asks no network."""
        return opener(self.place)(BRAND, self.settings(url))


def _x(world: World) -> tuple[Any, Any]:
    options = XOptions(limits=dict.fromkeys((*LIMITS, "create_day"), PLENTY))
    return create_x(world, options=options), options


def _x_settings(url: str) -> XSettings:
    keys = x_keys(KEY)
    return XSettings(
        keys.bearer_token, keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret,
        base_url=url, timeout=PATIENCE, search=False,
    )  # fmt: skip


def _reddit(world: World) -> tuple[Any, Any]:
    options = RedditOptions(allowed=PLENTY)
    return create_reddit(world, options=options), options


def _reddit_settings(url: str) -> RedditSettings:
    keys = reddit_keys(KEY)
    return RedditSettings(
        client_id=keys.client_id, client_secret=keys.client_secret, username=keys.username, password=keys.password,
        subreddits=(BOARD,), reddit_url=url, oauth_url=url, timeout=PATIENCE,
    )  # fmt: skip


def _mastodon(world: World) -> tuple[Any, Any]:
    options = MastodonOptions(allowed=PLENTY)
    return create_mastodon(world, options=options), options


def _mastodon_settings(url: str) -> MastodonSettings:
    return MastodonSettings(mastodon_keys(KEY).access_token, url, timeout=PATIENCE)


def _bluesky(world: World) -> tuple[Any, Any]:
    options = BlueskyOptions(allowed=PLENTY, logins=PLENTY, points=PLENTY)
    return create_bluesky(world, options=options), options


def _bluesky_settings(url: str) -> BlueskySettings:
    keys = bluesky_keys(KEY)
    return BlueskySettings(keys.handle, keys.app_password, url, timeout=PATIENCE, search=False)


def read_markdown(text: str) -> str:
    """Escaped Markdown as it reads: a backslash hides what follows it, two spaces at the end of a line break it."""
    return html.unescape(re.sub(r"\\([^A-Za-z0-9\s])", r"\1", re.sub(r" {2}\n", "\n", text)))


SITES: Mapping[str, Site] = {
    site.place: site
    for site in (
        Site("x", KEY, _x, _x_settings),
        Site("reddit", KEY, _reddit, _reddit_settings, read_markdown, BOARD),
        Site("mastodon", f"{KEY}@town.example", _mastodon, _mastodon_settings),
        Site("bluesky", f"{KEY}.bsky.social", _bluesky, _bluesky_settings),
    )
}

BRAND = Brand(
    KEY,
    "Rose Bakery",
    names=("Rose Bakery",),
    handles={site.place: site.handle for site in SITES.values()},
    time_zone="Europe/Berlin",
)

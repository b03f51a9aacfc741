"""Opens places for a brand with the keys that the environment holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from desk.brands import BrandSection, RedditSection
from desk.errors import Trouble
from desk.secret import find_secret, variable
from places.doors import Opened, Place
from places.table import opener
from storage.words import Brand

X_POSTING = ("X_API_KEY", "X_API_KEY_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET")
X_NEEDS = ("X_BEARER_TOKEN", *X_POSTING)
REDDIT_NEEDS = ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET", "REDDIT_PASSWORD")
TITLES = {"x": "X", "reddit": "Reddit", "mastodon": "Mastodon", "bluesky": "Bluesky"}
WITHOUT_KEYS = ("paste", "import")

Open = Callable[[Brand, BrandSection, Mapping[str, str]], Opened]


def open_place(place: str, brand: Brand, section: BrandSection, environ: Mapping[str, str]) -> Opened:
    """The place, opened for the brand. Raises Trouble that names the missing keys."""
    if place not in OPENERS:
        raise Trouble(f'there is no site "{place}"')
    return OPENERS[place](brand, section, environ)


def places_without_keys() -> dict[str, Place]:
    """The places that need no account: what is pasted or imported is answered by hand."""
    nobody = Brand(key="", name="")
    return {place: opener(place)(nobody, None).place for place in WITHOUT_KEYS}


def _open_x(brand: Brand, section: BrandSection, environ: Mapping[str, str]) -> Opened:
    from places.x.settings import OFFICIAL, SITE, XSettings

    keys = {name: find_secret(name, environ, brand.key) or "" for name in X_NEEDS}
    posting = [name for name in X_POSTING if not keys[name]]
    if len(posting) not in (0, len(X_POSTING)) or (posting and not keys["X_BEARER_TOKEN"]):
        raise Trouble(_missing([name for name in X_NEEDS if not keys[name]]))
    settings = XSettings(
        bearer_token=keys["X_BEARER_TOKEN"],
        consumer_key=keys["X_API_KEY"],
        consumer_secret=keys["X_API_KEY_SECRET"],
        access_token=keys["X_ACCESS_TOKEN"],
        access_token_secret=keys["X_ACCESS_TOKEN_SECRET"],
        base_url=(section.x.api if section.x else "") or OFFICIAL,
        site_url=(section.x.site if section.x else "") or SITE,
        search=section.x.search if section.x else True,
    )
    return opener("x")(brand, settings)


def _open_reddit(brand: Brand, section: BrandSection, environ: Mapping[str, str]) -> Opened:
    if section.reddit and section.reddit.feed:
        return _open_reddit_feed(brand, section.reddit)
    from places.reddit.settings import RedditSettings

    keys = {name: find_secret(name, environ, brand.key) or "" for name in REDDIT_NEEDS}
    if missing := [name for name in REDDIT_NEEDS if not keys[name]]:
        raise Trouble(_missing(missing))
    settings = RedditSettings(
        client_id=keys["REDDIT_CLIENT_ID"],
        client_secret=keys["REDDIT_CLIENT_SECRET"],
        username=brand.handles["reddit"],
        password=keys["REDDIT_PASSWORD"],
        subreddits=section.reddit.boards if section.reddit else (),
    )
    if section.reddit and section.reddit.api:
        api = section.reddit.api
        settings = replace(settings, reddit_url=api, oauth_url=api)
    if section.reddit and section.reddit.site:
        settings = replace(settings, site_url=section.reddit.site)
    return opener("reddit")(brand, settings)


def _open_mastodon(brand: Brand, section: BrandSection, environ: Mapping[str, str]) -> Opened:
    from places.mastodon.settings import MastodonSettings

    token = find_secret("MASTODON_ACCESS_TOKEN", environ, brand.key)
    if not token:
        raise Trouble(_missing(["MASTODON_ACCESS_TOKEN"]))
    ours = section.mastodon
    settings = MastodonSettings(
        access_token=token,
        instance_url=(ours.api if ours else "") or f"https://{brand.handles['mastodon'].partition('@')[2]}",
        site_url=ours.site if ours else "",
        answer_untagged=ours.answer_untagged if ours else False,
        search=ours.search if ours else False,
        hashtags=ours.hashtags if ours else (),
    )
    return opener("mastodon")(brand, settings)


def _open_bluesky(brand: Brand, section: BrandSection, environ: Mapping[str, str]) -> Opened:
    from places.bluesky.settings import SERVICE, SITE, BlueskySettings

    password = find_secret("BLUESKY_APP_PASSWORD", environ, brand.key)
    if not password:
        raise Trouble(_missing(["BLUESKY_APP_PASSWORD"]))
    ours = section.bluesky
    settings = BlueskySettings(
        handle=brand.handles["bluesky"],
        app_password=password,
        service_url=(ours.api if ours else "") or SERVICE,
        site_url=(ours.site if ours else "") or SITE,
        search=ours.search if ours else True,
        answer_untagged=ours.answer_untagged if ours else False,
    )
    return opener("bluesky")(brand, settings)


def _open_reddit_feed(brand: Brand, section: RedditSection) -> Opened:
    from places.reddit.feed import open_reddit_feed
    from places.reddit.feed_settings import FeedSettings
    from places.reddit.settings import SITE

    settings = FeedSettings(
        handle=section.handle,
        subreddits=section.boards,
        feed_url=section.api or SITE,
        site_url=section.site or SITE,
    )
    return open_reddit_feed(brand, settings)


def _missing(names: list[str]) -> str:
    told = [variable(name) for name in names]
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    return f"{'keys are' if len(told) > 1 else 'a key is'} missing; put {listed} into the environment, or a file's name into the same with _FILE"


OPENERS: Mapping[str, Open] = {
    "x": _open_x,
    "reddit": _open_reddit,
    "mastodon": _open_mastodon,
    "bluesky": _open_bluesky,
}

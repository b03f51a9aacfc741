"""The made-up keys of the town. They open nothing outside of it, and every demo and test uses the same ones.

Nothing here is a secret: the servers of the town listen on loopback and know no other keys.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class XKeys:
    """What one account needs to read and write on the town's X: an app bearer, and OAuth 1.0a keys of the app and the account."""

    handle: str
    bearer_token: str
    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str


@dataclass(frozen=True, slots=True)
class RedditKeys:
    """What one account needs on the town's Reddit: a script app and the account's own name and password."""

    username: str
    client_id: str
    client_secret: str
    password: str


@dataclass(frozen=True, slots=True)
class MastodonKeys:
    """What one account needs on the town's Mastodon: a token that may read and write."""

    handle: str
    access_token: str


@dataclass(frozen=True, slots=True)
class BlueskyKeys:
    """What one account needs on the town's Bluesky: its handle in full, and an app password."""

    handle: str
    app_password: str


BLUESKY_DOMAIN = "bsky.social"
"""The town's people have handles under it, unless theirs is a domain of its own."""

X_BEARER = "town-x-bearer"
X_CONSUMER_KEY = "town-x-consumer-key"
X_CONSUMER_SECRET = "town-x-consumer-secret"  # noqa: S105 - opens only the town

REDDIT_CLIENT_ID = "town-reddit-app"
REDDIT_CLIENT_SECRET = "town-reddit-app-secret"  # noqa: S105 - opens only the town


def x_keys(handle: str) -> XKeys:
    """The keys of the account `handle` (without @) on the town's X. Access tokens differ per account, the app is one."""
    return XKeys(
        handle=handle,
        bearer_token=X_BEARER,
        consumer_key=X_CONSUMER_KEY,
        consumer_secret=X_CONSUMER_SECRET,
        access_token=f"town-x-token-{handle.lower()}",
        access_token_secret=f"town-x-token-secret-{handle.lower()}",
    )


def reddit_keys(username: str) -> RedditKeys:
    """The keys of the account `username` (without u/) on the town's Reddit."""
    return RedditKeys(
        username=username,
        client_id=REDDIT_CLIENT_ID,
        client_secret=REDDIT_CLIENT_SECRET,
        password=f"town-reddit-{username.lower()}",
    )


def mastodon_keys(handle: str) -> MastodonKeys:
    """The keys of the account `handle` (without @ and without the town's own address) on the town's Mastodon."""
    return MastodonKeys(handle=handle, access_token=f"town-mastodon-token-{handle.lower()}")


def bluesky_keys(handle: str) -> BlueskyKeys:
    """The keys of the account `handle` (without @, with or without .bsky.social) on the town's Bluesky."""
    bare = handle.lower().removesuffix(f".{BLUESKY_DOMAIN}")
    return BlueskyKeys(bluesky_handle(bare), f"town-bluesky-{bare}")


def bluesky_handle(handle: str) -> str:
    """A handle in full: "rosebakery" is rosebakery.bsky.social, "rosebakery.example" is itself."""
    return handle if "." in handle else f"{handle}.{BLUESKY_DOMAIN}"


ROSEBAKERY = "rosebakery"
SWIFTCOURIER = "swiftcourier"
PIXELFIX = "pixelfix"
BRANDS = (ROSEBAKERY, SWIFTCOURIER, PIXELFIX)
"""The demo's brands; each brand's handle on X and name on Reddit is its key."""

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


ROSEBAKERY = "rosebakery"
SWIFTCOURIER = "swiftcourier"
PIXELFIX = "pixelfix"
BRANDS = (ROSEBAKERY, SWIFTCOURIER, PIXELFIX)
"""The demo's brands; each brand's handle on X and name on Reddit is its key."""

"""Who we are on Bluesky: one log-in for everybody who asks, renewed before it ends. Bluesky allows 30 log-ins in five minutes, 300 a day.

What the app password opens is kept in memory only. A password that Bluesky did not take is not shown to it again for a while.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from places.bluesky.heard import Body
from places.bluesky.settings import BlueskySettings
from places.bluesky.uris import is_did
from places.clean import clean_line
from places.doors import NeedsPerson, Unavailable
from storage.words import Account

MARGIN = timedelta(minutes=5)
"""A token is renewed this long before its end, so that none ends between two of our requests."""
SHORT_LIFE, LONG_LIFE = timedelta(minutes=1), timedelta(hours=24)
"""Within these a token's life is believed; Bluesky's last two hours."""
USUAL_LIFE = timedelta(hours=1)
"""The life of a token that does not tell."""
NOT_AGAIN_FOR = timedelta(minutes=15)
"""How long a password is not tried again that Bluesky did not take: four times an hour, of which no day makes 300."""

CREATE = "com.atproto.server.createSession"
REFRESH = "com.atproto.server.refreshSession"


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What a log-in gave: `access` opens everything until `good_until`, `refresh` gives the next pair, `host` is our own server."""

    did: str
    handle: str
    access: str
    refresh: str
    host: str
    good_until: datetime


class Knock(Protocol):
    """How a line asks for tokens; it knows the address and what failures mean."""

    def __call__(self, nsid: str, data: Mapping[str, Any] | None, bearer: str, host: str, now: datetime) -> Body:
        """The answer to one request for tokens. Raises Unavailable or NeedsPerson."""
        ...


class Session:
    """One account's log-in, shared by all of its lines. Any thread may use it; one at a time sees to new tokens."""

    def __init__(self, settings: BlueskySettings) -> None:
        self._settings = settings
        self._tokens: Tokens | None = None
        self._spoilt: str = ""
        self._shut: tuple[Unavailable, datetime, datetime] | None = None
        self._lock = threading.Lock()

    @property
    def held(self) -> Tokens | None:
        """The tokens of the last log-in, good or not."""
        return self._tokens

    @property
    def known(self) -> Account | None:
        """Our account as far as it is known, without asking."""
        tokens = self._tokens
        return Account("bluesky", tokens.did, tokens.handle) if tokens is not None else None

    def tokens(self, knock: Knock, now: datetime) -> Tokens:
        """Tokens that are good now: those we have, renewed ones, or those of a new log-in. Raises Unavailable."""
        with self._lock:
            held = self._tokens
            if held is not None and now < held.good_until and held.access != self._spoilt:
                return held
            self._tokens = (self._renewed(held, knock, now) if held is not None else None) or self._logged_in(
                knock, now
            )
            self._spoilt = ""
            return self._tokens

    def spoil(self, tokens: Tokens) -> None:
        """Bluesky no longer takes these: the next who asks gets others."""
        with self._lock:
            if self._tokens is not None and self._tokens.access == tokens.access:
                self._spoilt = tokens.access

    def _renewed(self, held: Tokens, knock: Knock, now: datetime) -> Tokens | None:
        """The next pair; None where only the password helps. Raises Unavailable where Bluesky is away: the old pair is then kept."""
        try:
            return self._read(knock(REFRESH, None, held.refresh, held.host, now), held.host, now)
        except NeedsPerson:
            return None

    def _logged_in(self, knock: Knock, now: datetime) -> Tokens:
        if self._shut is not None:
            why, since, until = self._shut
            if since <= now < until:
                raise type(why)(why.why, why.retry_at)
        settings = self._settings
        said = {"identifier": settings.handle, "password": settings.app_password}
        try:
            tokens = self._read(knock(CREATE, said, "", settings.service_url, now), settings.service_url, now)
        except NeedsPerson as refused:
            self._shut = (refused, now, now + NOT_AGAIN_FOR)
            raise
        except Unavailable as away:
            self._shut = (away, now, away.retry_at) if away.retry_at is not None else None
            raise
        self._shut = None
        return tokens

    def _read(self, body: Body, host: str, now: datetime) -> Tokens:
        did, handle, access, refresh = (body.get(name) for name in ("did", "handle", "accessJwt", "refreshJwt"))
        if not (isinstance(did, str) and is_did(did) and isinstance(access, str) and isinstance(refresh, str)):
            raise Unavailable("Bluesky did not say who we are.")
        if not (_is_plain(access) and _is_plain(refresh)):
            raise Unavailable("Bluesky gave us a key that is none.")
        name = clean_line(handle, 255) if isinstance(handle, str) and handle else self._settings.handle
        life = life_of(access)
        good_until = now + max(life - MARGIN, life / 2)
        return Tokens(did, name, access, refresh, host_of(body.get("didDoc"), host), good_until)


def _is_plain(token: str) -> bool:
    """Whether it can stand in a header."""
    return 0 < len(token) < 10_000 and token.isascii() and token.isprintable() and " " not in token


def life_of(token: str) -> timedelta:
    """How long a token lives, by the instants in it: from when it was made, so that clocks need not agree."""
    parts = token.split(".")
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        life = timedelta(seconds=float(told["exp"]) - float(told["iat"]))
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, RecursionError, binascii.Error):
        return USUAL_LIFE
    return min(max(life, SHORT_LIFE), LONG_LIFE)


def host_of(document: object, service: str) -> str:
    """The server that holds our account, by what is told with the log-in. Nowhere less safe than where we logged in."""
    services = document.get("service") if isinstance(document, dict) else None
    for one in services if isinstance(services, list) else []:
        if not isinstance(one, dict) or not str(one.get("id")).endswith("#atproto_pds"):
            continue
        told = one.get("serviceEndpoint")
        if isinstance(told, str) and _is_as_safe(told, service):
            return told.rstrip("/")
    return service


def _is_as_safe(told: str, service: str) -> bool:
    try:
        there, here = urlsplit(told), urlsplit(service)
        named = bool(there.hostname) and not there.username and not there.query and there.path in ("", "/")
    except ValueError:
        return False
    return named and (there.scheme == "https" or (there.scheme == here.scheme == "http"))

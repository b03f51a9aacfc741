"""Who asks: bearer tokens, and OAuth 1.0a signatures that are really computed again (RFC 5849, section 3).

Signatures are made for the host api.twitter.com, whatever address the request was sent to, because that is what tweepy signs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request

from sandbox.keys import X_BEARER, X_CONSUMER_KEY, X_CONSUMER_SECRET, x_keys
from sandbox.world import World, WorldAccount
from sandbox.x.options import XOptions
from sandbox.x.problems import UNSUPPORTED_AUTH, Problem, plain, unauthorized

HOST = "https://api.twitter.com"
SKEW = timedelta(minutes=5)
"""How far a signature's timestamp may be from the server's clock; the order of magnitude is known, the exact figure is not."""

PARAMETER = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an app alone (account None), or an app for an account."""

    token: str
    account: WorldAccount | None

    @property
    def is_user(self) -> bool:
        """Whether this is user context."""
        return self.account is not None


@dataclass(slots=True)
class Door:
    """Lets in those who can show who they are; remembers nonces for as long as their timestamps are good."""

    world: World
    options: XOptions
    _nonces: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def let_in(self, request: Request) -> Asker:
        """Who asks. Raises Problem 401."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._app(rest.strip())
        if scheme.lower() == "oauth":
            return self._account(request, rest)
        raise unauthorized("no credentials")

    def _app(self, token: str) -> Asker:
        if not hmac.compare_digest(token.encode(), X_BEARER.encode()):
            raise unauthorized("unknown bearer token")
        self._check_alive(token)
        return Asker(token, None)

    def _account(self, request: Request, header: str) -> Asker:
        given = {match[1]: unquote(match[2]) for match in PARAMETER.finditer(header)}
        if given.get("oauth_consumer_key") != X_CONSUMER_KEY or given.get("oauth_signature_method") != "HMAC-SHA1":
            raise unauthorized("unknown app or method")
        token = given.get("oauth_token", "")
        account, secret = self._owner(token)
        if not hmac.compare_digest(sign(request, given, secret).encode(), given.get("oauth_signature", "").encode()):
            raise unauthorized("wrong signature")
        self._check_fresh(given, token)
        self._check_alive(token)
        return Asker(token, account)

    def _owner(self, token: str) -> tuple[WorldAccount, str]:
        for account in self.world.accounts("x"):
            keys = x_keys(account.handle)
            if keys.access_token == token:
                return account, keys.access_token_secret
        raise unauthorized("unknown access token")

    def _check_fresh(self, given: dict[str, str], token: str) -> None:
        now, stamp = self.options.wall(), given.get("oauth_timestamp", "")
        if not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > SKEW.total_seconds():
            raise unauthorized("timestamp out of bounds")
        key = (token, stamp, given.get("oauth_nonce", ""))
        with self._lock:
            for old in [old for old, seen in self._nonces.items() if now - seen > 2 * SKEW]:
                del self._nonces[old]
            if key in self._nonces:
                raise unauthorized("nonce used before")
            self._nonces[key] = now

    def _check_alive(self, token: str) -> None:
        if token in self.options.revoked:
            raise unauthorized("token revoked")
        ends = self.options.expires.get(token)
        if ends is not None and self.world.clock() >= ends:
            raise unauthorized("token expired")


def need_user(asker: Asker) -> WorldAccount:
    """The account asked for. Raises Problem 403 where an app asks alone."""
    if asker.account is None:
        raise _app_only()
    return asker.account


def _app_only() -> Problem:
    detail = (
        "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  "
        "Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."
    )
    return plain(403, "Unsupported Authentication", detail, "app only", UNSUPPORTED_AUTH)


def sign(request: Request, given: dict[str, str], token_secret: str) -> str:
    """The signature that the request should carry. JSON bodies are not part of it; query parameters are."""
    query = request.scope.get("query_string", b"").decode("ascii")
    pairs = [(name, value) for name, value in given.items() if name not in {"oauth_signature", "realm"}]
    pairs += parse_qsl(query, keep_blank_values=True)
    encoded = sorted((_escape(name), _escape(value)) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    text = "&".join((request.method, _escape(HOST + request.url.path), _escape(joined)))
    key = f"{_escape(X_CONSUMER_SECRET)}&{_escape(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _escape(text: str) -> str:
    return quote(text, safe="~")

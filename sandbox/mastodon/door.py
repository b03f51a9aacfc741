"""Who asks, and how often: tokens with their scopes, and the count of requests with the headers that tell."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from sandbox.keys import mastodon_keys
from sandbox.mastodon.options import MastodonOptions
from sandbox.mastodon.problems import Problem, out_of_scope, unauthorized
from sandbox.world import World, WorldAccount


@dataclass(slots=True)
class Window:
    """Requests of one token within one window."""

    ends: datetime
    used: int = 0


@dataclass(slots=True)
class Door:
    """Lets in those whose token is good."""

    world: World
    options: MastodonOptions
    _windows: dict[str, Window] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def token(self, request: Request) -> str:
        """The token that a request carries, "" for none."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def let_in(self, token: str, scope: str) -> WorldAccount:
        """Who asks. Raises Problem 401 or 403."""
        account = next((one for one in self.world.accounts("mastodon") if token and _token_of(one) == token), None)
        if account is None:
            raise unauthorized("The access token is invalid")
        if token in self.options.revoked:
            raise unauthorized("The access token was revoked")
        ends = self.options.expires.get(token)
        if ends is not None and self.world.clock() >= ends:
            raise unauthorized("The access token expired")
        allowed = self.options.scopes.get(token)
        if allowed is not None and not {scope, scope.partition(":")[0]} & allowed:
            raise out_of_scope()
        if account.id in self.options.suspended:
            raise Problem(403, "Your login is currently disabled", "suspended")
        return account

    def count(self, token: str) -> dict[str, str]:
        """Count one request; the headers to answer with. Raises Problem 429, which carries them too."""
        now = self.world.clock()
        with self._lock:
            window = self._windows.get(token)
            if window is None or not now < window.ends <= now + self.options.window:
                window = self._windows[token] = Window(now + self.options.window)
            window.used += 1
            used, ends = window.used, window.ends
        headers = {
            "x-ratelimit-limit": str(self.options.allowed),
            "x-ratelimit-remaining": str(max(0, self.options.allowed - used)),
            "x-ratelimit-reset": ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if used > self.options.allowed:
            raise Problem(429, "Too many requests", "rate limit", headers)
        return headers


def _token_of(account: WorldAccount) -> str:
    """What opens the account; nothing does where it lives on another instance."""
    return "" if "@" in account.handle else mastodon_keys(account.handle).access_token

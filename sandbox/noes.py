"""How each platform says "slow down", "we are having trouble" and "your keys are no good", in its own wire shape.

Shapes of X and Reddit are those of recorded answers; Mastodon's and Bluesky's those of their published source code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.faults import HTML_503, Answer

RESET = timedelta(minutes=7)
"""How long a platform asks to wait when it says so."""

JSON = "application/json; charset=utf-8"


def _answer(status: int, body: Mapping[str, Any], **headers: str) -> Answer:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, json.dumps(body).encode(), (("content-type", JSON), *named))


class Noes(Protocol):
    """One platform's ways of saying no."""

    down: Answer  # a 5xx: it may or may not have been carried out
    limited_bare: Answer  # 429 without a time
    expired: Answer
    revoked: Answer

    def limited(self, now: datetime) -> Answer:
        """429 with the time at which it is over."""
        ...


@dataclass(frozen=True, slots=True)
class XNoes:
    """X: problem JSON, reset as a Unix time. It does not say why a token is no good."""

    down = HTML_503
    limited_bare = _answer(
        429, {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    )
    expired = _answer(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
    revoked = expired

    def limited(self, now: datetime) -> Answer:
        """As after the last of a window's requests."""
        reset = str(int((now + RESET).timestamp()))
        headers = (("x-rate-limit-limit", "100"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", reset))
        return Answer(429, self.limited_bare.body, (*self.limited_bare.headers, *headers))


@dataclass(frozen=True, slots=True)
class RedditNoes:
    """Reddit: seconds left, and the same 401 for a token that ended and for one that was taken back; then it gives out no new one."""

    down = Answer(
        500, b"<!doctype html><title>Ow! -- reddit.com</title>", (("content-type", "text/html; charset=UTF-8"),)
    )
    limited_bare = _answer(429, {"message": "Too Many Requests", "error": 429})
    expired = _answer(
        401,
        {"message": "Unauthorized", "error": 401},
        www_authenticate='Bearer realm="reddit", error="invalid_token"',
    )
    revoked = expired

    def limited(self, now: datetime) -> Answer:
        """As at the end of a window."""
        del now  # it counts down instead of naming an instant
        left = str(int(RESET.total_seconds()))
        headers = (("x-ratelimit-remaining", "0.0"), ("x-ratelimit-used", "1000"), ("x-ratelimit-reset", left))
        return Answer(429, self.limited_bare.body, (*self.limited_bare.headers, *headers))


@dataclass(frozen=True, slots=True)
class MastodonNoes:
    """Mastodon: the reset as an ISO date; its log-in says what became of the token."""

    down = _answer(503, {"error": "There was a temporary problem serving your request, please try again"})
    limited_bare = _answer(429, {"error": "Too many requests"})
    expired = _answer(
        401,
        {"error": "The access token expired"},
        www_authenticate='Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token expired"',
    )
    revoked = _answer(
        401,
        {"error": "The access token was revoked"},
        www_authenticate='Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token was revoked"',
    )

    def limited(self, now: datetime) -> Answer:
        """As after the last of a window's requests."""
        reset = (now + RESET).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        headers = (("x-ratelimit-limit", "300"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset))
        return Answer(429, self.limited_bare.body, (*self.limited_bare.headers, *headers))


@dataclass(frozen=True, slots=True)
class BlueskyNoes:
    """Bluesky: XRPC errors by name; a session that ended is a 400, and renewing one that was taken back fails in the same words."""

    down = _answer(500, {"error": "InternalServerError", "message": "Internal Server Error"})
    limited_bare = _answer(429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"})
    expired = _answer(400, {"error": "ExpiredToken", "message": "Token has expired"})
    revoked = _answer(400, {"error": "ExpiredToken", "message": "Token has been revoked"})

    def limited(self, now: datetime) -> Answer:
        """As after the last of a window's requests."""
        reset = str(int((now + RESET).timestamp()))
        told = (("ratelimit-limit", "3000"), ("ratelimit-remaining", "0"), ("ratelimit-reset", reset))
        return Answer(
            429, self.limited_bare.body, (*self.limited_bare.headers, *told, ("ratelimit-policy", "3000;w=300"))
        )


NOES: Mapping[str, Noes] = {
    "x": XNoes(),
    "reddit": RedditNoes(),
    "mastodon": MastodonNoes(),
    "bluesky": BlueskyNoes(),
}
"""Place to its noes."""

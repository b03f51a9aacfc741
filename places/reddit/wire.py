"""The socket under praw: our time-out, no redirects, headers that cannot trip it, and what was last heard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import prawcore
import requests
from prawcore.const import ACCESS_TOKEN_PATH

from places.patience import Patient

LIMITS = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset", "retry-after")


class Wire(prawcore.Requestor):
    """Issues praw's requests.

    - praw passes 16 seconds with every call, whatever its settings say: the time-out here is ours, and a whole answer has one too.
    - requests follows redirects when a token is fetched, and would carry the password along: never.
    - A kept connection that the other side has closed loses a POST in a way that nobody can tell from one that arrived: every POST
      opens its own.
    - prawcore sleeps inside the call by x-ratelimit-*, and raises ValueError on a retry-after that is a date, after the request was
      made: it does not get to see them; `limits` keeps them for us.
    - A 401 without www-authenticate is a bare KeyError(401) in prawcore: `status` says what it was.
    """

    def __init__(self, *, own_timeout: float, **usual: Any) -> None:
        super().__init__(timeout=own_timeout, **usual)
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, Patient(own_timeout))
        self._http.auth = _leave_alone
        if urlsplit(self.oauth_url).hostname in {"127.0.0.1", "::1", "localhost"}:
            self._http.trust_env = False  # no proxy stands between us and this machine
        self.status: int | None = None
        self.answer: requests.Response | None = None
        self.limits: dict[str, str] = {}
        self.token_life: timedelta | None = None

    def forget(self) -> None:
        """Nothing has been heard from here on."""
        self.status, self.answer, self.limits = None, None, {}

    def request(self, *args: Any, timeout: float | None = None, **more: Any) -> requests.Response:  # noqa: ARG002
        """Issue one request. Raises prawcore.RequestException when no whole answer came."""
        more["allow_redirects"] = False
        if str(args[0]).upper() == "POST":
            self._http.close()
        self.forget()
        response = super().request(*args, timeout=self.timeout, **more)
        self.status, self.answer = response.status_code, response
        self.limits = {name: response.headers.pop(name) for name in LIMITS if name in response.headers}
        if str(args[1]).endswith(ACCESS_TOKEN_PATH):
            self.token_life = _life(response)
        return response

    @property
    def says_json(self) -> bool:
        """Whether the answer is Reddit's API speaking, and not the page of something in front of it."""
        return self.answer is not None and "json" in self.answer.headers.get("content-type", "")

    def json(self) -> Any:
        """The answer's JSON, or None where it has none."""
        if self.answer is None:
            return None
        try:
            return self.answer.json()
        except ValueError:
            return None


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """requests would put a ~/.netrc entry in place of our token unless some auth is set."""
    return request


def _life(response: requests.Response) -> timedelta | None:
    """How long a token lives by what Reddit said with it."""
    try:
        said = response.json()
        seconds = float(said["expires_in"])
    except (ValueError, TypeError, KeyError):
        return None
    return timedelta(seconds=max(0.0, min(seconds, 86_400.0)))


def wait_of(limits: dict[str, str], now: datetime) -> timedelta | None:
    """How long Reddit asks us to wait: the longer of retry-after (seconds or a date) and x-ratelimit-reset; None when it doesn't say."""
    waits = []
    for name in ("retry-after", "x-ratelimit-reset"):
        said = limits.get(name, "")
        if re.fullmatch(r"\d{1,6}(\.\d+)?", said):
            waits.append(timedelta(seconds=float(said)))
        elif said:
            waits += _until(said, now)
    return max(waits, default=None)


def _until(said: str, now: datetime) -> list[timedelta]:
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return []
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return [aware - now] if aware > now else []

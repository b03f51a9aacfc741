"""HTTP as every place needs it: one base address, bounded answers, no redirects, no retries, and what a failure means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.exceptions import (
    ConnectTimeout,
    InvalidHeader,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
)
from requests.utils import get_environ_proxies

from places.patience import Patient

LONGEST_WAIT = timedelta(hours=25)
"""No reset time further away is believed: the longest window a platform here counts in is 24 hours."""

REFUSALS = frozenset(
    {400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 417, 421, 422, 423, 424, 426, 428, 429, 431, 451}
)
"""Statuses of answers that are given instead of doing what was asked. Any other no may come from somebody in between who lost patience."""

_NEVER_CONNECTED = {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "SSLCertVerificationError"}
"""Names of what urllib3 and ssl raise before a single byte of the request was sent."""
_NEVER_TRIED = (ConnectTimeout, InvalidURL, InvalidSchema, MissingSchema, InvalidHeader)


class ToBase(Patient):
    """Sends every request to `base_url` instead of the host it was made for, and waits `timeout` seconds for each step (see Patient).

    The request is signed before it comes here, so the signature stays that of the host it was made for. `last` is the newest
    answer, for the cases in which a client library stumbles over it.
    """

    def __init__(self, base_url: str, timeout: float) -> None:
        self.base = urlsplit(base_url)
        self.last: requests.Response | None = None
        super().__init__(timeout)

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """One request, to our base."""
        self.last = None
        asked = urlsplit(request.url or "")
        request.url = urlunsplit(
            (self.base.scheme, self.base.netloc, self.base.path.rstrip("/") + str(asked.path), str(asked.query), "")
        )
        kwargs["proxies"] = get_environ_proxies(request.url) if not _is_here(self.base.hostname) else {}
        self.last = super().send(request, stream, timeout, *args, **kwargs)
        return self.last


def _is_here(host: str | None) -> bool:
    return host in {"localhost", "::1"} or (host or "").startswith("127.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that it says led to it.

    Not what was being handled when it was raised (`__context__`): somebody who posts while another failure is dealt with would take
    that one's refused connection for this one's.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, getattr(one, "reason", None), *one.args)
        waiting += [each for each in inner if isinstance(each, BaseException)]


def never_left(error: BaseException) -> bool:
    """Whether the request certainly did not reach the platform: no connection came about. False means: we do not know."""
    return any(isinstance(one, _NEVER_TRIED) or type(one).__name__ in _NEVER_CONNECTED for one in _causes(error))


def wait_until(headers: Mapping[str, str], seconds: float | None, now: datetime) -> datetime | None:
    """The instant at which a reset comes that the platform gives as a Unix time, on our clock.

    Where the answer says what time it is over there, the wait is reckoned from that, so that a clock of ours that is wrong neither
    hammers the platform nor sleeps for an hour. None when there is no sensible time.
    """
    if seconds is None:
        return None
    try:
        reset = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    wait = reset - (_date(headers) or now)
    return now + min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        there = parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return there.astimezone(UTC) if there.tzinfo is not None else None

"""The wire to a Mastodon instance: Mastodon.py, and what its failures, requests' failures and the instance's own noes mean for us.

Mastodon.py shapes the requests; what came back is judged by what was heard, not by what the library felt, because it stumbles over
answers to requests that were carried out (an odd rate-limit header is enough). It never waits for a rate limit, nothing is retried,
no redirect is followed, and no error of a library leaves this module.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonNetworkError, MastodonWarning
from requests.exceptions import RequestException

from places.clean import clean_line
from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from places.http import LONGEST_WAIT, REFUSALS, ToBase, never_left, wait_until
from places.mastodon.settings import AGENT, MastodonSettings

Ask = Callable[[Mastodon], Any]

_STUMBLES = (
    MastodonError,
    MastodonWarning,
    RequestException,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
)
"""What Mastodon.py lets through: its own errors, raw ones of requests, and what it trips over in odd answers and headers."""

_UNDECIDED = frozenset({408, 409, 425, 499})
"""Noes that leave open whether the request is, or will be, carried out: time-outs in front of the instance, and a key still at work."""

_MOVED = frozenset({301, 307, 308})
"""Redirects that say "not here"; the others may follow something that was carried out."""

_LENGTH = re.compile(r"limit|too long|exceed|character", re.IGNORECASE)
_SCOPE = re.compile(r"insufficient_scope|outside the authorized scopes", re.IGNORECASE)
_ACCOUNT = re.compile(r"login is|suspended|disabled|confirm|pending|moved", re.IGNORECASE)


class NotThere(NeedsPerson):
    """What was asked for is not there, or not for us: a status that is gone, or an endpoint that this instance does not have."""


class MastodonWire:
    """One account's wire. Any thread may use it; requests go one after the other."""

    def __init__(self, settings: MastodonSettings) -> None:
        session, base = requests.Session(), urlsplit(settings.instance_url)
        self._adapter = ToBase(settings.instance_url, settings.timeout)
        session.mount("https://", self._adapter)
        session.mount("http://", self._adapter)
        session.max_redirects = 0
        self.host = base.netloc
        # A given version keeps Mastodon.py from asking the instance for its own in the middle of something else.
        self._client = Mastodon(
            access_token=settings.access_token,
            api_base_url=f"{base.scheme}://{base.netloc}",
            request_timeout=settings.timeout,
            ratelimit_method="throw",
            version_check_mode="created",
            mastodon_version=Mastodon.get_supported_version(),
            session=session,
            user_agent=AGENT,
            lang="en",
        )
        self._session, self._lock = session, threading.Lock()

    def read(self, ask: Ask, now: datetime) -> Any:
        """What the instance answers to a GET, as JSON. Raises Unavailable, NeedsPerson or NotThere."""
        with self._lock:
            heard, error = self._hear(ask)
        if heard is None:
            raise self._silence(error)
        if not 200 <= heard.status_code < 300:
            raise self._read_failure(heard, now) from error
        body = parse(heard)
        if body is None:
            raise Unavailable(f"{self.host} answered with something that is no answer.") from error
        return body

    def write(self, ask: Ask, now: datetime) -> Any:
        """What the instance answers to a POST or DELETE that it carried out, None where that is unreadable.

        Exactly one request, on a connection of its own: one kept open since the last time may have died unnoticed, and then nobody
        could tell whether the request arrived. Raises Unavailable or NeedsPerson (nothing was done), Refused, or Unsure.
        """
        with self._lock:
            self._session.close()
            heard, error = self._hear(ask)
        if heard is None:
            if error is not None and never_left(error):
                raise Unavailable(f"{self.host} cannot be reached; nothing was sent.") from error
            raise Unsure(f"The line to {self.host} broke off before it answered.") from error
        if not 200 <= heard.status_code < 300:
            raise self._write_failure(heard, now) from error
        return parse(heard)

    def _hear(self, ask: Ask) -> tuple[requests.Response | None, Exception | None]:
        """The answer that arrived whole, if one did, and what the library felt."""
        self._adapter.last = None
        try:
            ask(self._client)
        except _STUMBLES as error:
            return self._adapter.last, _felt(error)
        return self._adapter.last, None

    def _silence(self, error: Exception | None) -> Unavailable:
        reached = error is None or not never_left(error)
        return Unavailable(
            f"{self.host} did not answer in time, or broke off." if reached else f"{self.host} cannot be reached."
        )

    def _closed(self, heard: requests.Response, now: datetime) -> Unavailable | None:
        """What keeps the instance closed to us, for reading and writing alike; nothing was done then."""
        status, says = heard.status_code, _says(heard)
        if status == 401:
            return NeedsPerson(
                f"{self.host} no longer accepts our access token. Make a new one there, under Preferences, Development, "
                "and put it in place of the old one."
            )
        if status == 429:
            return Unavailable(f"{self.host} asks us to slow down.", _reset(heard, now))
        if status in _MOVED:
            where = clean_line(heard.headers.get("location", "elsewhere"), 200)
            return NeedsPerson(
                f"{self.host} has moved: it points to {where}. Look at the account's address in the settings."
            )
        if status == 403 and (_SCOPE.search(heard.headers.get("www-authenticate", "")) or _SCOPE.search(says)):
            return NeedsPerson(
                f"The access token for {self.host} may do too little. Give its application the scopes read and write:statuses "
                "there, under Preferences, Development, and use the token it shows then."
            )
        if status == 403 and not _is_json(heard):
            return NeedsPerson(
                f"Something in front of {self.host} blocks our requests. Ask those who run the instance."
            )
        if status == 403 and _ACCOUNT.search(says):
            return NeedsPerson(f"{self.host} does not let our account in. It says: {says}")
        if status in (404, 410) and not _is_json(heard):
            return NotThere(f"{self.host} does not know what we asked for. Is this the address of a Mastodon instance?")
        return None

    def _read_failure(self, heard: requests.Response, now: datetime) -> Unavailable:
        closed = self._closed(heard, now)
        if closed is not None:
            return closed
        status = heard.status_code
        if status in (403, 404, 410, 451):
            return NotThere(f"{self.host} does not show it to us. It says: {_says(heard)}")
        if status < 500 and status not in _UNDECIDED:
            return NeedsPerson(f"{self.host} did not understand our question. It says: {_says(heard)}")
        return Unavailable(f"{self.host} is having trouble ({status}).")

    def _write_failure(self, heard: requests.Response, now: datetime) -> Exception:
        closed = self._closed(heard, now)
        if closed is not None:
            return NeedsPerson(closed.why) if isinstance(closed, NotThere) else closed
        status, says = heard.status_code, _says(heard)
        if status not in REFUSALS:
            return Unsure(f"{self.host} did not say whether it took it ({status}).")
        if status in (404, 410, 451):
            return Refused("The post we wanted to answer is gone, or its author hides it from us.")
        if status in (413, 414) or (status == 422 and _LENGTH.search(says)):
            return Refused(f"The text is longer than {self.host} takes. Please shorten it. It says: {says}")
        return Refused(f"{self.host} refused it. It says: {says}", by_hand=True)


def _felt(error: Exception) -> Exception:
    """What requests felt: Mastodon.py raises its own error while it handles that one, and does not say that it comes of it."""
    felt = error.__context__ if isinstance(error, MastodonNetworkError) and error.__cause__ is None else None
    return felt if isinstance(felt, Exception) else error


def parse(heard: requests.Response) -> Any:
    """The answer as a JSON object or list; None when it is neither. A wrong byte costs itself and not the answer."""
    try:
        body = json.loads(heard.content.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict | list) else None


def _is_json(heard: requests.Response) -> bool:
    """Whether it is the instance that speaks, and not something in front of it."""
    return isinstance(parse(heard), dict)


def _says(heard: requests.Response) -> str:
    """What the instance says, for people."""
    body = parse(heard)
    said = body.get("error") if isinstance(body, dict) else None
    return (
        clean_line(said, 300)
        if isinstance(said, str) and said
        else f"{heard.status_code} {clean_line(str(heard.reason), 60)}"
    )


def _reset(heard: requests.Response, now: datetime) -> datetime | None:
    """When it takes requests again: an ISO date from Mastodon, a number from others like it, or seconds to wait."""
    told = heard.headers.get("x-ratelimit-reset", "").strip()
    if told.isascii() and told.isdigit():
        return wait_until(heard.headers, float(told[:12]), now)
    try:
        reset = datetime.fromisoformat(told)
        return wait_until(heard.headers, (reset if reset.tzinfo else reset.replace(tzinfo=UTC)).timestamp(), now)
    except (ValueError, OverflowError):
        wait = heard.headers.get("retry-after", "").strip()
    if wait.isascii() and wait.isdigit():
        return now + min(timedelta(seconds=max(1, int(wait[:9]))), LONGEST_WAIT)
    return None

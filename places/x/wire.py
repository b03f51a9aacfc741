"""The wire to X: tweepy, and what its failures, requests' failures and X's own noes mean for us.

tweepy signs and shapes requests; answers are read here, because its models stumble over elements that are not as expected. It never
waits for a rate limit, nothing is retried, and no error of a library leaves this module.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests
import tweepy  # type: ignore[import-untyped]  # publishes no types
from requests.exceptions import RequestException

from places.clean import clean_line
from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from places.http import REFUSALS, ToBase, never_left, wait_until
from places.x.settings import OFFICIAL, XSettings

Ask = Callable[[tweepy.Client], Any]
Body = dict[str, Any]

_STUMBLES = (
    RequestException,
    tweepy.TweepyException,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
)
"""What tweepy lets through: its own errors, raw ones of requests, and what it trips over in odd answers and headers."""

_DUPLICATE = ("duplicate content",)
_NOT_SUMMONED = (
    "mentioned or otherwise engaged",
    "mentioned or are the author",
    "reply to this conversation is not allowed",
)
_GONE = ("deleted or not visible",)
_ACCOUNT = (
    "suspended",
    "temporarily locked",
    "app permissions",
    "not permitted to perform",
    "client-forbidden",
    "unsupported-authentication",
)
_CAPPED = ("usage-capped", "usagecapexceeded")


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands where requests would otherwise put a password from a .netrc file in place of our bearer token."""
    return request


class BadQuestion(NeedsPerson):
    """X does not understand what was asked: a page token that it forgot, or a search that it does not take."""


class XWire:
    """One account's wire. Any thread may use it; requests go one after the other."""

    def __init__(self, settings: XSettings) -> None:
        self._client = tweepy.Client(
            settings.bearer_token or None,
            settings.consumer_key or None,
            settings.consumer_secret or None,
            settings.access_token or None,
            settings.access_token_secret or None,
            return_type=requests.Response,
            wait_on_rate_limit=False,
        )
        self._adapter = ToBase(settings.base_url, settings.timeout)
        self._client.session.mount(OFFICIAL, self._adapter)
        self._client.session.max_redirects = 0
        self._client.session.auth = _as_it_is
        self._lock = threading.Lock()

    def read(self, ask: Ask, now: datetime) -> Body:
        """What X answers to a GET, as JSON. Raises Unavailable, NeedsPerson or BadQuestion."""
        with self._lock:
            self._adapter.last = None
            try:
                response: requests.Response = ask(self._client)
            except _STUMBLES as error:
                raise _read_failure(error, self._adapter.last, now) from error
        body = parse(response)
        if body is None:
            raise Unavailable("X answered with something that is no answer.")
        return body

    def write(self, ask: Ask, now: datetime) -> Body | None:
        """What X answers to a POST or DELETE that it carried out, None where that is unreadable.

        Exactly one request, on a connection of its own: one kept open since the last time may have died unnoticed, and then nobody
        could tell whether the request arrived. Raises Unavailable or NeedsPerson (nothing was done), Refused, or Unsure.
        """
        with self._lock:
            self._client.session.close()
            self._adapter.last = None
            try:
                response: requests.Response = ask(self._client)
            except _STUMBLES as error:
                raise _write_failure(error, self._adapter.last, now) from error
        return parse(response)


def parse(response: requests.Response) -> Body | None:
    """The answer as a JSON object; None when it is none. A wrong byte costs itself and not the answer."""
    try:
        body = json.loads(response.content.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _answer_of(error: BaseException, last: requests.Response | None) -> requests.Response | None:
    """The answer that the error is about. None when none arrived whole; where tweepy stumbled over one, it is the last."""
    if isinstance(error, (RequestException, tweepy.HTTPException)):
        found = error.response
        return found if isinstance(found, requests.Response) else None
    return last


def _says(response: requests.Response) -> str:
    """What X says, for people: its detail, and the messages of its list of errors."""
    body = parse(response) or {}
    errors = body.get("errors")
    said = [body.get("detail"), body.get("title")]
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            said = [error.get("message"), error.get("detail"), *said]
    words = [clean_line(part, 300) for part in said if isinstance(part, str) and part]
    return words[0] if words else f"{response.status_code} {clean_line(str(response.reason), 60)}"


def _mentions(response: requests.Response, signs: tuple[str, ...]) -> bool:
    text = response.content[:20_000].decode("utf-8", "replace").lower()
    return any(sign in text for sign in signs)


def _reset(response: requests.Response, now: datetime) -> datetime | None:
    """When X takes requests again. Of several windows that are used up, the last one counts."""
    used_up, plain = [], None
    for name, value in response.headers.items():
        prefix, _, what = name.lower().rpartition("-")
        if what != "reset" or not value.strip().isdigit():
            continue
        comes = wait_until(response.headers, float(value), now)
        if prefix == "x-rate-limit":
            plain = comes
        if comes is not None and response.headers.get(f"{prefix}-remaining", "").strip() == "0":
            used_up.append(comes)
    return max(used_up, default=plain)


def _closed(response: requests.Response, now: datetime) -> Unavailable | None:
    """What keeps X closed to us, for reading and writing alike; nothing was done then."""
    status, says = response.status_code, _says(response)
    if status == 401:
        return NeedsPerson(
            "X no longer accepts our keys. Make new ones at console.x.com, and put them in place of the old ones."
        )
    if status == 402:
        return NeedsPerson(
            "The prepaid credits at X are used up. Buy some at console.x.com; until then nothing is read or posted there."
        )
    if status == 429 and _mentions(response, _CAPPED):
        return NeedsPerson(
            "This month's allowance at X is used up. Raise the limit at console.x.com, or wait until it starts anew."
        )
    if status == 429:
        return Unavailable("X asks us to slow down.", _reset(response, now))
    if status == 403 and _mentions(response, _ACCOUNT):
        return NeedsPerson(f"X does not let this account or app do that. Look at console.x.com. X says: {says}")
    return None


def _read_failure(error: BaseException, last: requests.Response | None, now: datetime) -> Unavailable:
    response = _answer_of(error, last)
    if response is None:
        return Unavailable("X cannot be reached." if never_left(error) else "X did not answer in time, or broke off.")
    closed = _closed(response, now)
    if closed is not None:
        return closed
    if response.status_code == 400:
        return BadQuestion(f"X did not understand our question. X says: {_says(response)}")
    if 401 <= response.status_code < 500 and response.status_code != 408:
        return NeedsPerson(f"X refuses to be read. X says: {_says(response)}")
    return Unavailable(f"X is having trouble ({response.status_code}).")


def _write_failure(error: BaseException, last: requests.Response | None, now: datetime) -> Exception:
    response = _answer_of(error, last)
    if response is None:
        if never_left(error):
            return Unavailable("X cannot be reached; nothing was sent.")
        return Unsure("The line to X broke off before it answered.")
    status = response.status_code
    closed = _closed(response, now)
    if closed is not None:
        return closed
    if status not in REFUSALS:
        return Unsure(f"X did not say whether it took it ({status}).")
    if status == 403 and _mentions(response, _DUPLICATE):
        return Unsure("X says that this text is there already.")
    if status == 403 and _mentions(response, _NOT_SUMMONED):
        return Refused(
            "X only lets us answer through its own page here: the author did not mention us or quote us.", by_hand=True
        )
    if _mentions(response, _GONE):
        return Refused("The post we wanted to answer is gone, or its author hides it from us.")
    return Refused(f"X refused it. X says: {_says(response)}")

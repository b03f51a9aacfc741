"""What a failed request means for us, told by what the wire heard and not by what the library felt."""

from __future__ import annotations

from datetime import datetime

from praw.exceptions import PRAWException
from prawcore.exceptions import OAuthException, PrawcoreException

from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from places.http import never_left
from places.reddit import saying
from places.reddit.wire import Wire, wait_of

FAILURES = (
    PRAWException,
    PrawcoreException,
    # What praw lets through when an answer has a shape that it did not expect.
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    IndexError,
    RecursionError,
)


class NotOpen(NeedsPerson):
    """What was asked for exists only for others, or no longer, or never did."""


def token_error(error: Exception, wire: Wire, now: datetime) -> Unavailable:
    """No token. Nothing was posted, whatever the reason."""
    if isinstance(error, OAuthException):
        return NeedsPerson(saying.LOG_IN)
    if wire.status == 401:
        return NeedsPerson(saying.APP_KEYS)
    return read_error(wire, "the log-in", now)


def read_error(wire: Wire, path: str, now: datetime) -> Unavailable:
    """Nothing was read of `path`."""
    status = wire.status
    if status is None:
        return Unavailable(saying.SILENT)
    if status == 429:
        wait = wait_of(wire.limits, now)
        return Unavailable("Reddit asks us to slow down.", now + wait if wait is not None else None)
    if status == 401:
        return NeedsPerson(saying.LOG_IN)
    if status == 403 and not wire.says_json:
        return NeedsPerson(saying.BLOCKED)
    if status == 403 and "insufficient_scope" in _authenticate(wire):
        return NotOpen(saying.SCOPE)
    if 300 <= status < 400 or status in {403, 404, 451}:
        return NotOpen(f"Reddit doesn't show us {path} (it may be private, closed, or misspelt).")
    if status < 400:
        return Unavailable(saying.NO_ANSWER)
    return Unavailable(f"Reddit is having trouble ({status})." if status >= 500 else f"Reddit said no ({status}).")


def write_error(error: Exception, wire: Wire, now: datetime, *, fresh: bool) -> Exception:
    """Unavailable or Refused where nothing can be up, Unsure otherwise. `fresh`: the token was new, so that another would not help."""
    status = wire.status
    if status is None:
        cause = getattr(error, "original_exception", error)
        return Unavailable(saying.SILENT) if never_left(cause) else Unsure("The line broke before Reddit answered.")
    if status == 400:
        no = saying.first_error(wire.json())
        return saying.field_error(*no, now) if no else Refused("Reddit didn't understand our request.", by_hand=True)
    if status == 401:
        return NeedsPerson(saying.LOG_IN) if fresh else Unavailable("Reddit wants us to log in again.", now)
    if status == 403:
        return _forbidden(wire)
    if status == 429:
        wait = wait_of(wire.limits, now)
        return Unavailable("Reddit asks us to slow down.", now + wait if wait is not None else None)
    if status in {404, 410, 451}:
        return Refused("What we wanted to answer is no longer there, or not for us.")
    if status in {413, 414}:
        return Refused("The text is longer than Reddit takes. Please shorten it.")
    if 300 <= status < 400 and wire.answer is not None and "/login" in wire.answer.headers.get("location", ""):
        return NeedsPerson(saying.LOG_IN)
    return Unsure(f"Reddit's answer says neither yes nor no ({status}).")


def _forbidden(wire: Wire) -> Exception:
    if not wire.says_json:
        return NeedsPerson(saying.BLOCKED)
    if "insufficient_scope" in _authenticate(wire):
        return NeedsPerson(saying.SCOPE)
    return Refused("Our account may not write there.")


def _authenticate(wire: Wire) -> str:
    return wire.answer.headers.get("www-authenticate", "") if wire.answer is not None else ""

"""What a failed request means for us, told by what was heard on the line and not by what the library felt."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx

from places.bluesky.heard import Heard
from places.clean import clean_line
from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from places.http import wait_until

LOG_IN = (
    "Bluesky does not accept our app password for @{}. Make a new one on Bluesky under Settings, App passwords, and put it in place "
    "of the old one."
)
SECOND_FACTOR = (
    "Bluesky asks @{} for a code sent by mail, as it does for an account's main password. Use an app password instead: make one on "
    "Bluesky under Settings, App passwords."
)
ACCOUNT = "Bluesky has closed the account @{}. Log in on Bluesky to see why. Bluesky says: {}"
NOT_BLUESKY = "The service address does not lead to a Bluesky server. Look at it in the settings."
SLOW_DOWN = "Bluesky asks us to slow down."

CLOSED_ACCOUNTS = {"AccountTakedown", "AccountSuspended", "AccountDeactivated", "AccountInactive", "NotActive"}
STALE_TOKENS = {"ExpiredToken", "InvalidToken", "AuthMissing"}
MISSING = {"RecordNotFound", "NotFound", "HandleNotFound"}
TOO_LARGE = {"RecordTooLarge", "PayloadTooLarge"}

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
"""What httpx raises before a byte of the request has gone to the platform."""
_TRIPS = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


def stumbles() -> tuple[type[Exception], ...]:
    """What atproto lets through: its own errors, raw ones of httpx, and what it trips over in odd answers."""
    from atproto_client.exceptions import ModelError, RequestErrorBase

    return (ModelError, RequestErrorBase, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, *_TRIPS)


class Stale(Unavailable):
    """Our token is no longer good; nothing was done."""


class NotThere(Unavailable):
    """What was asked for by name does not exist, as far as we may see."""


class BadQuestion(NeedsPerson):
    """Bluesky does not understand what was asked: a page that it forgot, or a search that it does not take."""


def never_left(error: BaseException) -> bool:
    """Whether the request certainly did not reach Bluesky. atproto puts errors of its own in front of httpx's."""
    return isinstance(error, _NEVER_LEFT) or isinstance(error.__cause__, _NEVER_LEFT)


def closed(heard: Heard, handle: str, now: datetime) -> Unavailable | None:
    """What keeps Bluesky closed to us, for reading and writing alike; nothing was done then."""
    status, name = heard.status, heard.error()
    if status == 429:
        return Unavailable(SLOW_DOWN, reset_of(heard, now))
    if name in CLOSED_ACCOUNTS:
        return NeedsPerson(ACCOUNT.format(handle, heard.says()))
    if status == 401 or (status == 400 and name in STALE_TOKENS):
        return Stale("Bluesky wants us to log in again.", now)
    if status == 404 or (status == 501 and name in {"", "MethodNotImplemented"}):
        return NeedsPerson(NOT_BLUESKY)
    if status == 403:
        return NeedsPerson(f"Bluesky does not let this account do that. Bluesky says: {heard.says()}")
    return None


def reset_of(heard: Heard, now: datetime) -> datetime | None:
    """When Bluesky takes requests again, as far as it says: a Unix time, or seconds from now."""
    headers = heard.last.headers if heard.last is not None else {}
    resets, after = headers.get("ratelimit-reset", "").strip(), headers.get("retry-after", "").strip()
    if resets.isascii() and resets.isdigit():
        return wait_until(headers, float(resets), now)
    if after.isascii() and after.isdigit() and len(after) < 6:
        return now + max(timedelta(seconds=float(after)), timedelta(seconds=1))
    return None


def log_in_failure(error: Exception, heard: Heard, handle: str, now: datetime) -> Unavailable:
    """No session. Nothing was posted, whatever the reason."""
    name = heard.error()
    if name == "AuthFactorTokenRequired":
        return NeedsPerson(SECOND_FACTOR.format(handle))
    if name in CLOSED_ACCOUNTS:
        return NeedsPerson(ACCOUNT.format(handle, heard.says()))
    if heard.status == 401 or (heard.status == 400 and name in {*STALE_TOKENS, "InvalidRequest"}):
        return NeedsPerson(LOG_IN.format(handle))
    return read_failure(error, heard, handle, now)


def read_failure(error: Exception, heard: Heard, handle: str, now: datetime) -> Unavailable:
    """Nothing was read."""
    status = heard.status
    if status is None:
        return Unavailable("Bluesky cannot be reached." if never_left(error) else "Bluesky did not answer in time.")
    if status == 400 and heard.error() in MISSING:
        return NotThere(heard.says())
    shut = closed(heard, handle, now)
    if shut is not None:
        return shut
    if status == 400:
        return BadQuestion(f"Bluesky did not understand our question. Bluesky says: {heard.says()}")
    if 300 <= status < 400:
        return NeedsPerson(NOT_BLUESKY)
    if status < 300:
        return Unavailable("Bluesky answered with something that is no answer.")
    return Unavailable(f"Bluesky is having trouble ({status} {clean_line(heard.error(), 60)}".rstrip() + ").")


def write_failure(error: Exception, heard: Heard, handle: str, now: datetime) -> Exception:
    """Unavailable or Refused where nothing was done, Unsure otherwise."""
    status, name = heard.status, heard.error()
    if status is None:
        if never_left(error):
            return Unavailable("Bluesky cannot be reached; nothing was sent.")
        return Unsure("The line to Bluesky broke off before it answered.")
    shut = closed(heard, handle, now)
    if shut is not None:
        return shut
    if name == "InvalidSwap":
        return Unsure("Bluesky says that this reply is there already.")
    if status == 413 or name in TOO_LARGE:
        return Refused("The text is longer than Bluesky takes. Please shorten it.")
    if status == 400 and name:
        return Refused(f"Bluesky refused it. Bluesky says: {heard.says()}", by_hand=True)
    return Unsure(f"Bluesky did not say whether it took it ({status}).")

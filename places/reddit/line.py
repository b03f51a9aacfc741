"""The line to Reddit: praw with everything switched off that it would do behind our back, and its failures in our words."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import praw
from praw.config import Config
from prawcore.sessions import RetryStrategy

from places.doors import NeedsPerson, Unavailable, Unsure
from places.reddit import saying
from places.reddit.failing import FAILURES, read_error, token_error, write_error
from places.reddit.settings import RedditSettings
from places.reddit.wire import Wire, wait_of
from storage.words import Account

TOKEN_MARGIN = timedelta(seconds=60)
"""A token is renewed this long before its end: prawcore believes in it until 10 s after."""

READS_LEAVE = 10
"""Requests that reading leaves in Reddit's window, so that an approved reply need not wait for the next one."""

FORGET_AFTER = timedelta(hours=1)
"""A wait that ends later than this is not believed: Reddit's window has ten minutes, and clocks jump."""


class Once(RetryStrategy):
    """Every request once, and at once. prawcore would send a comment three times, and with its retries at 0 sleep 2 to 4 s first."""

    def _sleep_seconds(self) -> None:
        return None

    def consume_available_retry(self) -> Once:
        """There is none to consume."""
        return self

    def should_retry_on_failure(self) -> bool:
        """Never: whether a request may be repeated is not for a library to say."""
        return False


@dataclass(slots=True)
class End:
    """One thread's praw (praw is not made for several), and until when its token is good."""

    reddit: praw.Reddit
    wire: Wire
    good_until: datetime | None = None

    @property
    def core(self) -> Any:
        """prawcore's session. praw offers no other way to its authorizer and its retries."""
        return self.reddit._core  # noqa: SLF001


def _open(settings: RedditSettings) -> End:
    """A praw that knows our settings and nothing else: no praw.ini, no environment, no call home, no retries, no naps."""
    shipped = ConfigParser()
    with files("praw").joinpath("praw.ini").open() as own:
        shipped.read_file(own)
    with Config.LOCK:
        Config.CONFIG = shipped  # else a praw.ini in the working directory or the home could send our keys elsewhere
    reddit = praw.Reddit(
        "DEFAULT",
        client_id=settings.client_id,
        client_secret=settings.client_secret or None,
        username=settings.username or None,
        password=settings.password or None,
        refresh_token=settings.refresh_token or None,
        redirect_uri=None,
        user_agent=settings.user_agent,
        reddit_url=settings.reddit_url.rstrip("/"),
        oauth_url=settings.oauth_url.rstrip("/"),
        check_for_updates=False,
        check_for_async=False,
        ratelimit_seconds=-1,
        requestor_class=Wire,
        requestor_kwargs={"own_timeout": settings.timeout},
    )
    core: Any = reddit._core  # noqa: SLF001 - see End.core
    end = End(reddit, core.requestor)
    end.core._retry_strategy_class = Once  # noqa: SLF001
    return end


class Line:
    """One app's and one account's line to Reddit. Any thread may use it."""

    def __init__(self, settings: RedditSettings) -> None:
        self.settings = settings
        self._ends = threading.local()
        self._lock = threading.Lock()
        self._left: float | None = None
        self._wait_until: datetime | None = None
        self._account: Account | None = None

    def me(self, now: datetime) -> Account:
        """Our own account, asked for once. Raises Unavailable."""
        if self._account is None:
            said = self.read("api/v1/me", {}, now)
            if not isinstance(said, dict):
                raise Unavailable(saying.NO_ANSWER)
            name, native = said.get("name"), said.get("id")
            if not isinstance(name, str) or not isinstance(native, str):
                raise NeedsPerson(saying.LOG_IN)
            self._account = Account("reddit", f"t2_{native}", name)
        return self._account

    def read(self, path: str, params: Mapping[str, str | int], now: datetime) -> Any:
        """GET; gives what the JSON holds. Raises Unavailable, never blocks longer than the time-out, asks twice only after a 401."""
        end = self._end()
        self._check_room(now, READS_LEAVE)
        fresh = self._renew(end, now)
        try:
            return self._ask(end, "GET", path, params, now)
        except FAILURES as error:
            if end.wire.status != 401 or fresh:
                raise read_error(end.wire, path, now) from error
        self._renew(end, now, anyway=True)
        try:
            return self._ask(end, "GET", path, params, now)
        except FAILURES as error:
            raise read_error(end.wire, path, now) from error

    def write(self, path: str, form: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
        """POST, exactly once. Raises Unavailable or Refused when nothing can have happened, Unsure otherwise."""
        end = self._end()
        self._check_room(now, 0)
        fresh = self._renew(end, now)
        end.wire.forget()
        try:
            said = self._ask(end, "POST", path, form, now)
        except FAILURES as error:
            raise write_error(error, end.wire, now, fresh=fresh) from error
        no = saying.first_error(said)
        if no is not None and not saying.names_what_it_made(said):
            raise saying.field_error(*no, now)
        if not isinstance(said, dict):
            raise Unsure("Reddit's answer says neither yes nor no.")
        return said

    def _end(self) -> End:
        end: End | None = getattr(self._ends, "end", None)
        if end is None:
            end = self._ends.end = _open(self.settings)
        return end

    def _ask(self, end: End, method: str, path: str, values: Mapping[str, str | int], now: datetime) -> Any:
        # praw's own models would fetch behind our back, and one malformed child would cost its whole page: we take the bare JSON.
        try:
            if method == "GET":
                return end.reddit.request(method="GET", path=path, params=dict(values))
            return end.reddit.request(method="POST", path=path, data=dict(values))
        finally:
            self._note(end.wire, now)

    def _renew(self, end: End, now: datetime, *, anyway: bool = False) -> bool:
        """See to a good token; gives whether it is new. A failure here has sent nothing but the request for it."""
        authorizer = end.core.authorizer
        if not anyway and end.good_until is not None and now < end.good_until and authorizer.is_valid():
            return False
        try:
            authorizer.refresh()
        except FAILURES as error:
            end.good_until = None
            raise token_error(error, end.wire, now) from error
        life = end.wire.token_life or timedelta(0)
        end.good_until = now + max(life - TOKEN_MARGIN, life / 2)
        return True

    def _note(self, wire: Wire, now: datetime) -> None:
        """Remember what Reddit said of its rate limit, for every thread."""
        wait = wait_of(wire.limits, now)
        if wait is None:
            return
        try:
            left = float(wire.limits.get("x-ratelimit-remaining", "nan"))
        except ValueError:
            left = float("nan")
        if wire.status == 429:
            left = 0.0
        with self._lock:
            self._left, self._wait_until = left, now + wait

    def _check_room(self, now: datetime, leave: int) -> None:
        with self._lock:
            until, left = self._wait_until, self._left
        if until is None or left is None or not now < until <= now + FORGET_AFTER or not left <= leave:
            return
        raise Unavailable("Reddit asks us to slow down.", until)

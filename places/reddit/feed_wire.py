"""Fetching feeds: bytes that we asked for ourselves, bounded in time and size, and what a failure means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException

from places.clean import clean_line
from places.doors import NeedsPerson, Unavailable
from places.http import never_left
from places.patience import Patient
from places.reddit import saying
from places.reddit.failing import NotOpen
from places.reddit.feed_pace import Pace
from places.reddit.feed_settings import FeedSettings
from places.reddit.wire import wait_of

log = logging.getLogger(__name__)

MOST = 8_000_000
"""Bytes of a feed, unpacked: a hundred posts of the greatest length are some six million."""

MOST_TAG = 200
"""Characters of an ETag or of a date that are kept."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What Reddit gave along with a feed, to be shown the next time; "" where it gave nothing."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        """The question "only if it has changed"."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in asked.items() if value}


NO_TAGS = Tags()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed's bytes; None where nothing has changed since the tags that were shown."""

    body: bytes | None
    tags: Tags


class FeedWire:
    """Asks for feeds of one site. Any thread may use it; each request opens a session of its own, as they are a minute apart."""

    def __init__(self, settings: FeedSettings, pace: Pace) -> None:
        self._settings, self._pace = settings, pace
        self._url = settings.feed_url.rstrip("/")

    def fetch(self, path: str, params: Mapping[str, str | int], tags: Tags, now: datetime) -> Fetched:
        """One request, for which the turn must have been taken. Raises Unavailable, NeedsPerson or NotOpen."""
        with requests.Session() as session:
            self._prepare(session)
            try:
                answer = session.get(
                    self._url + path, params=dict(params), headers=tags.headers(), allow_redirects=False
                )
            except (RequestException, ValueError) as error:
                log.info("a feed did not come: %s", type(error).__name__)
                reached = "cannot be reached." if never_left(error) else "didn't answer in time, or broke off."
                raise Unavailable(f"Reddit {reached}") from error
        self._heed(answer, now)
        if answer.status_code == 304:
            return Fetched(None, tags)
        if answer.status_code != 200:
            raise self._no(answer, path, now)
        return Fetched(answer.content, _tags(answer))

    def _prepare(self, session: requests.Session) -> None:
        session.headers["User-Agent"] = self._settings.user_agent
        session.headers["Accept"] = "application/atom+xml"
        session.auth = _as_it_is
        for scheme in ("https://", "http://"):
            session.mount(scheme, Patient(self._settings.timeout, MOST))
        if urlsplit(self._url).hostname in {"127.0.0.1", "::1", "localhost"}:
            session.trust_env = False  # no proxy stands between us and this machine

    def _heed(self, answer: requests.Response, now: datetime) -> None:
        """Close the pace for as long as Reddit says, whether or not it gave us something this time."""
        wait = wait_of(_limits(answer), now)
        try:
            left = float(answer.headers.get("x-ratelimit-remaining", "nan"))
        except ValueError:
            left = float("nan")
        if wait is not None and (answer.status_code == 429 or left <= 0):
            self._pace.close(now + wait, in_vain=answer.status_code == 429)

    def _no(self, answer: requests.Response, path: str, now: datetime) -> Unavailable:
        status = answer.status_code
        if status == 429:
            wait = wait_of(_limits(answer), now)
            return Unavailable("Reddit asks us to slow down.", now + wait if wait is not None else None)
        if status >= 500 or status == 408:
            return Unavailable(f"Reddit is having trouble ({status}).")
        if status == 401:
            return NeedsPerson("Reddit shows its feeds only to those who log in. Connect an account with keys instead.")
        if status in {403, 404, 451} or 300 <= status < 400:
            return NotOpen(
                f"Reddit doesn't show us {clean_line(path)}: it may be private, closed or misspelt, "
                "or Reddit blocks this computer's address."
            )
        return Unavailable(f"Reddit said no ({status})." if status >= 400 else saying.NO_ANSWER)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """requests would put a password from a .netrc file along unless some auth is set."""
    return request


def _limits(answer: requests.Response) -> dict[str, str]:
    known: Any = answer.headers
    return {name: known[name] for name in ("retry-after", "x-ratelimit-reset") if name in known}


def _tags(answer: requests.Response) -> Tags:
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return Tags(*(value if len(value) <= MOST_TAG and value.isprintable() else "" for value in (etag, modified)))

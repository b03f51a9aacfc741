"""What the instance says of itself: its limits and what it can do. Learnt while reading; until then Mastodon's own defaults hold."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mastodon import Mastodon

from places.clean import clean_text
from places.doors import Unavailable
from places.mastodon.wire import MastodonWire, NotThere

log = logging.getLogger(__name__)

MOST_CHARACTERS = 500
PER_LINK = 23
"""Mastodon's own defaults; Mastodon.py counts with 23 for a link."""

LEAST, LONGEST = 50, 100_000
"""Limits outside of this are not believed."""

EVERY, AFTER_FAILURE = timedelta(days=1), timedelta(hours=1)
COUNTED = 10_000
"""Characters beyond which nothing is weighed any more: counting signs and links is slow, and few instances take as much."""

KNOWS_QUOTES = 7
"""Mastodon 4.5's number in `api_versions`: from there on a quote is told of in a notification."""

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a status may hold."""

    most: int = MOST_CHARACTERS
    per_link: int = PER_LINK

    def count(self, text: str) -> int:
        """Characters as the instance counts them: signs as people see them, links at their price, names without their address."""
        if len(text) > COUNTED:
            return len(text)
        text = clean_text(text)
        links = sum(map(_is_link, _LINK.findall(text))) if self.per_link != PER_LINK else 0
        return Mastodon.get_status_length(text) + links * (self.per_link - PER_LINK)


class Instance:
    """The instance as far as we know it. Any thread may ask; `learn` is for whoever reads."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.api_version = 0
        self._next: datetime | None = None
        self._lock = threading.Lock()

    @property
    def knows_quotes(self) -> bool:
        """Whether it tells of quotes."""
        return self.api_version >= KNOWS_QUOTES

    def learn(self, wire: MastodonWire, now: datetime) -> None:
        """Ask the instance, once a day; what it does not tell stays as it was. Never fails: nothing depends on it but a nicer limit."""
        with self._lock:
            if self._next is not None and abs(self._next - now) <= EVERY and now < self._next:
                return
            self._next = now + AFTER_FAILURE
        try:
            self._take(_ask(wire, now))
        except Unavailable as unavailable:
            log.info("the instance did not tell its limits: %s", unavailable.why)
            return
        self._next = now + EVERY

    def _take(self, told: dict[str, Any]) -> None:
        configuration, versions = told.get("configuration"), told.get("api_versions")
        statuses = configuration.get("statuses") if isinstance(configuration, dict) else None
        if isinstance(statuses, dict):
            most = _number(statuses.get("max_characters"), LEAST, LONGEST)
            per_link = _number(statuses.get("characters_reserved_per_url"), 1, 1_000)
            self.limits = Limits(most or self.limits.most, per_link or self.limits.per_link)
        if isinstance(versions, dict):
            self.api_version = _number(versions.get("mastodon"), 1, 10_000) or 0


def _ask(wire: MastodonWire, now: datetime) -> dict[str, Any]:
    """What it says of itself, on the newer address or, before Mastodon 4.0, on the older one. Raises Unavailable."""
    try:
        told = wire.read(lambda client: client.instance_v2(), now)
    except NotThere:
        told = wire.read(lambda client: client.instance_v1(), now)
    return told if isinstance(told, dict) else {}


def _is_link(found: str) -> bool:
    """Whether Mastodon takes it for a link: only those under a domain that exists count as one."""
    return bool(Mastodon.get_status_length(found.rstrip(".,;:!?)]\"'")) == PER_LINK)


def _number(told: object, least: int, most: int) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and least <= told <= most else None

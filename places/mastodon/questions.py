"""What a source asks an instance for: who named us, a hashtag, or posts with the brand's name in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from places.doors import NeedsPerson, Unavailable
from places.mastodon.instance import Instance
from places.mastodon.wire import MastodonWire, NotThere
from storage.words import Brand

NOTICES, PAGE = 80, 40
"""The most that an instance gives at once: notifications, and statuses."""

MOST_NAMES = 5
"""Names of a brand that are searched for. Each is a request of its own at every poll: Mastodon's search knows no "or"."""


@dataclass(frozen=True, slots=True)
class Found:
    """One element of a page: the id that the page is ordered by, when it came, and the status in it."""

    id: Any
    at: Any
    status: Any


class Question(Protocol):
    """What a source asks for, newest first. `overlap`: how far behind the newest one known things may still turn up."""

    overlap: timedelta

    def ask(self, below: str | None, now: datetime) -> list[Found]:
        """The page under this id (None: the newest). Raises Unavailable."""
        ...


class Mentions:
    """Who named us, or quoted us: what the instance tells our account of, in the order in which it learnt it."""

    overlap = timedelta(hours=2)

    def __init__(self, wire: MastodonWire, instance: Instance) -> None:
        self._wire, self._instance = wire, instance

    def ask(self, below: str | None, now: datetime) -> list[Found]:
        """One page of notifications. Those without a status are left out."""
        self._instance.learn(self._wire, now)
        kinds = ["mention", "quote"] if self._instance.knows_quotes else ["mention"]
        told = self._wire.read(lambda client: client.notifications(types=kinds, max_id=below, limit=NOTICES), now)
        notices = [one if isinstance(one, dict) else {} for one in _list_of(told, self._wire)]
        return [
            Found(one.get("id"), one.get("created_at"), one.get("status"))
            for one in notices
            if one.get("type", "mention") in kinds and one.get("status", "") is not None
        ]


class Hashtag:
    """Public posts with a hashtag. Posts from other instances arrive late, and are put where their own time belongs."""

    overlap = timedelta(hours=6)

    def __init__(self, wire: MastodonWire, tag: str) -> None:
        self._wire, self._tag = wire, tag

    def ask(self, below: str | None, now: datetime) -> list[Found]:
        """One page of the hashtag's timeline."""
        told = self._wire.read(lambda client: client.timeline_hashtag(self._tag, max_id=below, limit=PAGE), now)
        return _statuses(_list_of(told, self._wire))


class Search:
    """Public posts with a name in them, as far as the instance has them in its index and their authors agreed to be found."""

    overlap = timedelta(hours=6)

    def __init__(self, wire: MastodonWire, name: str) -> None:
        self._wire, self._query = wire, f'"{name}"'

    def ask(self, below: str | None, now: datetime) -> list[Found]:
        """One page of what is found."""
        try:
            told = self._wire.read(
                lambda client: client.search_v2(
                    self._query, resolve=False, result_type="statuses", max_id=below, limit=PAGE
                ),
                now,
            )
        except NotThere as missing:
            raise NeedsPerson(
                f"{self._wire.host} has no search that we may use. Set search = false under [brand.mastodon]; who names your "
                "account is read all the same."
            ) from missing
        return _statuses(_list_of(told.get("statuses") if isinstance(told, dict) else None, self._wire))


def searched_names(brand: Brand) -> tuple[str, ...]:
    """The brand's names as one can search for them, without what has a meaning in a query."""
    plain = (re.sub(r'[\s"\\]+', " ", name).strip() for name in brand.names or (brand.name,))
    return tuple(dict.fromkeys(name for name in plain if name))[:MOST_NAMES]


def _statuses(elements: Sequence[Any]) -> list[Found]:
    objects = [one if isinstance(one, dict) else {} for one in elements]
    return [
        Found(one.get("id"), one.get("created_at"), element) for one, element in zip(objects, elements, strict=True)
    ]


def _list_of(told: Any, wire: MastodonWire) -> list[Any]:
    if not isinstance(told, list):
        raise Unavailable(f"{wire.host} answered with something that is no list.")
    return told

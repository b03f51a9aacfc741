"""What the pages ask of the house they stand in. `desk.wiring` builds the real one, tests a small one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from desk.scaled.alive import Alive
from places.doors import Place, Publisher, Source
from storage.casebook import Casebook
from storage.reading import Reading
from storage.words import Brand


class Posting(Protocol):
    """How long a reply is held for undo."""

    @property
    def hold(self) -> timedelta:
        """The hold of every reply."""
        ...

    @property
    def first_hold(self) -> timedelta:
        """The longer hold of a brand's first replies."""
        ...

    @property
    def first_replies(self) -> int:
        """How many replies count as the first."""
        ...


class Service(Protocol):
    """How long a sign-in lasts."""

    @property
    def sign_in_for(self) -> timedelta:
        """At most."""
        ...

    @property
    def sign_out_after(self) -> timedelta:
        """When nobody uses it."""
        ...


class Settings(Protocol):
    """The settings that pages read."""

    @property
    def service(self) -> Service:
        """How long a sign-in lasts."""
        ...

    @property
    def demo(self) -> bool:
        """Whether this is the practice town."""
        ...

    @property
    def public_url(self) -> str | None:
        """Where people reach the inbox from outside ("https://inbox.example"), or None on this machine alone."""
        ...

    @property
    def posting(self) -> Posting:
        """How long replies are held."""
        ...

    @property
    def town_url(self) -> str | None:
        """The practice town's public pages, in the demo."""
        ...


class House(Protocol):
    """Everything a page can reach."""

    @property
    def settings(self) -> Settings:
        """What the config file and the environment say."""
        ...

    @property
    def casebook(self) -> Casebook:
        """The only writer."""
        ...

    @property
    def reading(self) -> Reading:
        """What pages read."""
        ...

    @property
    def brands(self) -> Mapping[str, Brand]:
        """Whom we listen for, by key."""
        ...

    @property
    def places(self) -> Mapping[str, Place]:
        """Places by name; "paste" is always among them."""
        ...

    @property
    def sources(self) -> Mapping[str, Source]:
        """Sources by key."""
        ...

    @property
    def publishers(self) -> Mapping[tuple[str, str], Publisher]:
        """Publishers by brand and place."""
        ...

    @property
    def workers(self) -> Alive | None:
        """The workers that are alive now; None where the service itself does the work."""
        ...

    def troubles(self) -> tuple[str, ...]:
        """What the owner should know about the service itself, a sentence each."""
        ...

    def may_learn(self, place: str) -> bool:
        """Whether a place allows learning from what is posted there."""
        ...

    def propose_now(self, case_id: int) -> None:
        """Write proposals for one case at once, when its turn has none yet."""
        ...

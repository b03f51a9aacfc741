"""The bakery under torture: a house as the service has it, opened on a base and a town of the harness's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from desk.config import DigestSection, Mail, Polling, Settings
from desk.openers import places_without_keys
from desk.wiring import House
from storage.casebook import Casebook
from storage.engine import Engine, open_engine
from storage.last_claim import LastClaim
from storage.reading import Reading
from torture.sites import BRAND, KEY, SITES

CHAIN_KEY = b"a key for the history of the harness"
OWNER = "ana@rosebakery.example"
POLL_EVERY = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the base, the town, the mail server and the note of the last claim are."""

    base: str
    town: str
    mail_port: int
    last_claim: str


def open_quick(url: str) -> Engine:
    """An engine as the service has it, but for one thing: SQLite does not wait for the disk.

    A killed process loses nothing that it handed to the operating system; only a power cut would, and that is not tried here.
    """
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _no_waiting)
    return engine


def _no_waiting(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA synchronous=OFF")


def settings_of(mail_port: int) -> Settings:
    """The bakery's settings: a digest at eight in the morning, and a mail server on this machine."""
    return Settings(
        polling=Polling(every=POLL_EVERY),
        mail=Mail(host="127.0.0.1", port=mail_port, security="none", sender="amends@rosebakery.example"),
        digest=DigestSection(to=(OWNER,), at=time(8, 0), time_zone=BRAND.time_zone),
    )


def open_shop(engine: Engine, addresses: Addresses, place: str, environ: Mapping[str, str]) -> House:
    """The house with one platform open. Asks no network and no base."""
    opened = SITES[place].open(addresses.town)
    assert opened.publisher is not None
    return House(
        settings=settings_of(addresses.mail_port),
        engine=engine,
        casebook=Casebook(engine, CHAIN_KEY, last_claim=LastClaim(Path(addresses.last_claim))),
        reading=Reading(engine),
        brands={KEY: BRAND},
        places={**places_without_keys(), place: opened.place},
        sources={source.key: source for source in opened.sources},
        publishers={(KEY, place): opened.publisher},
        environ=environ,
    )

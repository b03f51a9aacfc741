"""Ana's house on a real PostgreSQL server, and workers for it in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.brands import BrandSection
from desk.clock import utc_now
from desk.config import Polling, Service, Settings
from desk.scaled.waking import open_wake
from desk.scaled.worker import Worker
from desk.secret import open_key
from desk.wiring import House, open_house
from desk.work import DUE_WORK, DueWork
from storage.casebook import Judged
from storage.engine import writing
from storage.words import (
    Account,
    Audience,
    Author,
    Batch,
    Draft,
    Gone,
    Kind,
    Post,
    Posted,
    Purpose,
    Reach,
    ReachHow,
    Reply,
    Topic,
    Verdict,
)

ROSE = BrandSection(key="rosebakery", name="Rose Bakery", time_zone="Europe/Bucharest")
SELDOM = timedelta(minutes=1)
"""A tick so rare that what happens within a test was not found by it."""
OFTEN = timedelta(seconds=1)
PATIENCE = 20.0
"""Seconds that something may take on a machine that is busy otherwise."""


def settings_at(url: str, folder: Path, tick: timedelta = OFTEN) -> Settings:
    """Settings with one brand, no sites, and everything on the server."""
    service, polling = Service(tick=tick), Polling(every=timedelta(seconds=1))
    return Settings(service=service, polling=polling, brand=(ROSE,)).beside(folder).kept_at(url)


@contextmanager
def opened(settings: Settings) -> Iterator[House]:
    """A house on a migrated database, as one process sees it."""
    open_key(settings.key_path)
    house = open_house(settings, environ={})
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def settings(migrated_postgres_url: str, tmp_path: Path) -> Settings:
    """A service that ticks every second."""
    return settings_at(migrated_postgres_url, tmp_path)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """Ana's house."""
    with opened(settings) as opened_house:
        opened_house.casebook.people.add("ana@rosebakery.example", "Ana", "owner", "no password", utc_now())
        yield opened_house


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with house.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def tell(house: House, statement: str) -> None:
    """Change something behind everybody's back."""
    with house.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def waiting(house: House) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that wait: the function's name and what it is given."""
    return [
        (str(name), args)
        for name, args in rows(
            house, "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY task_name, id"
        )
    ]


def eventually(true: Callable[[], object], within: float = PATIENCE) -> bool:
    """Whether it becomes true in time."""
    last = time.monotonic() + within
    while not true():
        if time.monotonic() > last:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def working(*workers: Worker) -> Iterator[None]:
    """Workers at work."""
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.end(timedelta(seconds=PATIENCE))


@dataclass
class Counted:
    """Due work that counts how often it is looked for."""

    name: str
    times: int = 0

    @property
    def work(self) -> DueWork:
        """As the house's own work is written."""
        return DueWork(self.name, self._do)

    def _do(self, _house: House, _now: datetime) -> int:
        self.times += 1
        return 0


POLLS = tuple(work for work in DUE_WORK if work.name == "poll")
POSTS = tuple(work for work in DUE_WORK if work.name == "post")
"""The house's own polling and posting."""


@dataclass
class Site:
    """A site on which nothing is ever written. It counts who reads it at once, and each reading takes as long as one likes."""

    key: str
    slow: float = 0.0
    brand: str = "rosebakery"
    place: str = "import"
    reads: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    hold: threading.Event | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """One reading."""
        del now
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.reads.append(time.monotonic())
        try:
            if self.hold:
                self.hold.wait(PATIENCE)
            time.sleep(self.slow)
        finally:
            with self._lock:
                self.at_once -= 1
        return Batch((), cursor or "begun")

    def thread(self, post: Post, now: datetime) -> list[Post]:
        """Nobody answers."""
        del post, now
        return []

    def again(self, ids: list[str], now: datetime) -> dict[str, Post | Gone]:
        """Nothing is known."""
        del ids, now
        return {}


def add_site(house: House, site: Site) -> Site:
    """Let the house read a site."""
    house.sources = {**house.sources, site.key: site}  # type: ignore[dict-item]  # no webhooks
    house.casebook.sources.ensure(site.key, site.brand, site.place, house.settings.polling.every, utc_now())
    return site


def wake_up(house: House, work: str) -> None:
    """Somebody stored something that makes this kind of work."""
    with writing(house.engine) as connection:
        open_wake()(connection, [work])


@dataclass
class Letterbox:
    """An account that takes replies, each in its time, and counts how many at once."""

    place: str
    brand: str = "rosebakery"
    slow: float = 0.0
    texts: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    hold: threading.Event | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def me(self, now: datetime) -> Account:
        """Who we are there."""
        del now
        return Account(self.place, "us", self.brand)

    def post(self, reply: Reply, now: datetime) -> Posted:
        """It goes up."""
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if self.hold:
            self.hold.wait(PATIENCE)
        time.sleep(self.slow)
        with self._lock:
            self.at_once -= 1
            self.texts.append(reply.text)
            return Posted(f"r{len(self.texts)}", None, now)

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Nothing is ever looked for."""
        del reply, now
        return None


def proposed(house: House, number: int = 1, place: str = "import") -> int:
    """Cora complained and an answer is proposed; gives the proposal's id."""
    now = utc_now() - timedelta(hours=1)
    house.casebook.brands.own_account("rosebakery", Account(place, "us", "rosebakery"), now)
    post = Post(place, f"p{number}", Author(f"a{number}", f"cora{number}", "Cora"), "Burnt again.", now, f"c{number}")
    verdict = Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.PRODUCT, 2, ())
    (case_id,) = house.casebook.rounds.record_import("rosebakery", [Judged(post, verdict)], now).raised
    draft = Draft(f"We are sorry that your bread was burnt ({number}).", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    house.casebook.proposals.store(case_id, 1, [draft], Reach(ReachHow.API, ""), now)
    file = house.reading.case(case_id)
    assert file is not None
    return file.proposals[0].id

"""Opens the house: the base with its key, the brands, and every place whose keys are at hand."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from desk.brands import BrandSection
from desk.clock import utc_now
from desk.config import Settings
from desk.errors import Trouble
from desk.openers import TITLES, open_place, places_without_keys
from desk.opening import open_base
from desk.scaled.alive import Alive, Watch, count_workers
from desk.told import Told
from monitor.filter.second_look import is_installed
from places.doors import Opened, Place, Publisher, Source, Unavailable
from storage.casebook import Casebook
from storage.engine import BaseUnavailable, Engine
from storage.reading import Reading
from storage.words import Brand, is_name_id

ASK_AGAIN = timedelta(minutes=1)
"""How long to wait before asking a place for our own account once more; twice as long each time."""
LONGEST_ASK = timedelta(hours=2)
LONGEST_TOLD = timedelta(days=1)
"""A place that asks for more is asked again after a day all the same."""
MOST_NOTICES = 5

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the owner should know about the service itself."""

    at: datetime
    says: str


@dataclass(slots=True)
class House:
    """Everything that pages, commands and due work reach. `closed_places` says which places could not be opened, and why."""

    settings: Settings
    engine: Engine
    casebook: Casebook
    reading: Reading
    brands: Mapping[str, Brand]
    places: Mapping[str, Place]
    sources: Mapping[str, Source]
    publishers: Mapping[tuple[str, str], Publisher]
    environ: Mapping[str, str] = field(repr=False)
    closed_places: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    ask_again: dict[tuple[str, str], datetime] = field(default_factory=dict)
    asked_in_vain: dict[tuple[str, str], int] = field(default_factory=dict)
    opened_at: datetime = field(default_factory=utc_now)
    base_trouble: Told = field(default_factory=Told)
    mistakes: Told = field(default_factory=Told)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _watch: Watch | None = None

    def site(self, place: str) -> str:
        """What people call a place: "X", "Reddit", or the name that was pasted with a complaint."""
        known = self.places.get(place)
        return known.capabilities.title if known else TITLES.get(place, place)

    @property
    def looks_twice(self) -> bool:
        """Whether mentions are looked at again by both looks."""
        return self.settings.filter.second_look and is_installed()

    def may_learn(self, place: str) -> bool:
        """Whether a place allows learning from what is posted there; what was pasted from elsewhere is the owner's own."""
        known = self.places.get(place)
        return known is None or known.capabilities.may_learn

    def tell(self, says: str) -> None:
        """Note something for the owner; the newest few are kept while the service runs."""
        _log.warning(says)
        with self._lock:
            self.notices = (*self.notices, Notice(utc_now(), says))[-MOST_NOTICES:]

    def troubles(self) -> tuple[str, ...]:
        """What the owner should know about the service itself, a sentence each: shown above every page."""
        failure = self.casebook.digests.last_failure()
        unsent = [f"The last digest was not sent: {failure}. It is tried again."] if failure else []
        waits = self._base_says()
        nobody = [self.workers.trouble] if self.workers and self.workers.trouble else []
        notices = (notice.says for notice in self.notices)
        return (*waits, *nobody, *notices, *unsent, *(f"{closed}." for closed in self.closed_places))

    @property
    def workers(self) -> Alive | None:
        """The workers that are alive now; None where everything is in one file, and the service itself does the work."""
        return self._watch.look() if self._watch else None

    def _base_says(self) -> Iterator[str]:
        """That nothing is polled or posted, and why: the base takes no writes, or it is an older copy that was put in place."""
        if why := self.base_trouble.why:
            yield f"{why} Until then nothing is read, proposed or posted; what you see may be old."
        if self.casebook.restoring.waits() is not None:
            yield (
                "An older copy of the database was put in place, and nobody knows what was posted after it was made. "
                "Look at your open cases on their sites, then resume posting."
            )

    def is_well(self, who: str) -> None:
        """Some work went through: when it was the last that waited for the base, or that failed, the log is told."""
        if lasted := self.base_trouble.well(who):
            _log.warning("the database can be used again; work goes on", after=_in_words(lasted))
        if lasted := self.mistakes.well(who):
            _log.warning("work that failed goes on again", work=who, after=_in_words(lasted))

    def propose_now(self, case_id: int) -> None:
        """Write proposals for one case at once, when its turn has none yet. Raises BaseUnavailable."""
        from responders.proposing import propose_one

        propose_one(self.casebook, self.reading, self.places, self.publishers, self.brands, case_id, utc_now())

    def check_ready(self) -> None:
        """Refuse to serve from a base that cannot be written: nothing could be claimed, so nothing may be posted. Raises Trouble."""
        try:
            self.casebook.can_write()
        except BaseUnavailable as unavailable:
            raise Trouble(f"{unavailable.why} ({self.settings.database_name})") from unavailable

    def close(self) -> None:
        """Let go of the base."""
        self.engine.dispose()


def _in_words(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes} min" if minutes else f"{round(length.total_seconds())} s"


def open_house(
    settings: Settings,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime] = utc_now,
) -> House:
    """Everything wired together. A new base is made when there is none. Raises Trouble, which says what to do."""
    casebook, reading, engine = open_base(settings)
    sections = {section.key: section for section in settings.brand}
    try:
        casebook.brands.sync([section.to_brand() for section in settings.brand], now())
        brands = {brand.key: brand for brand in casebook.brands.all()}
        opened, closed = _open_places(brands, sections, environ)
        for brand, one in opened:
            every = max(settings.polling.every, _shared_pace(one, [other for _, other in opened]))
            for source in one.sources:
                casebook.sources.ensure(source.key, source.brand, source.place, every, now())
            if one.account is not None:
                casebook.brands.own_account(brand, one.account, now())
    except BaseUnavailable as unavailable:
        engine.dispose()
        raise Trouble(f"{unavailable.why} ({settings.database_name})") from unavailable
    except BaseException:
        engine.dispose()
        raise
    return House(
        settings=settings,
        engine=engine,
        casebook=casebook,
        reading=reading,
        brands=brands,
        places={**places_without_keys(), **_places_of([one for _, one in opened])},
        sources={source.key: source for _, one in opened for source in one.sources},
        publishers={(brand, one.publisher.place): one.publisher for brand, one in opened if one.publisher},
        environ=environ,
        closed_places=closed,
        _watch=Watch(partial(count_workers, engine)) if settings.on_server else None,
    )


def _shared_pace(one: Opened, others: Sequence[Opened]) -> timedelta:
    """How long all brands on this place together take for a poll each."""
    place = one.place.capabilities.place
    return sum((other.slowest for other in others if other.place.capabilities.place == place), timedelta(0))


def _places_of(opened: Sequence[Opened]) -> dict[str, Place]:
    """The places by name. Where one brand only reads what another writes to, the one that writes tells what the place can do."""
    ordered = sorted((one.place for one in opened), key=lambda place: place.capabilities.posts)
    return {place.capabilities.place: place for place in ordered}


def _open_places(
    brands: Mapping[str, Brand], sections: Mapping[str, BrandSection], environ: Mapping[str, str]
) -> tuple[tuple[tuple[str, Opened], ...], tuple[str, ...]]:
    opened: list[tuple[str, Opened]] = []
    closed: list[str] = []
    for brand in brands.values():
        section = sections.get(brand.key) or BrandSection.from_brand(brand)
        for place in brand.handles:
            try:
                opened.append((brand.key, open_place(place, brand, section, environ)))
            except Trouble as trouble:
                closed.append(f"{brand.name} on {TITLES.get(place, place)}: {trouble}")
    return tuple(opened), tuple(closed)


def learn_accounts(house: House, now: datetime) -> int:
    """Ask each place once who we are there, so that our own posts are known by author id; how many answered."""
    learned = 0
    for (brand, place), publisher in house.publishers.items():
        if now < house.ask_again.get((brand, place), now) <= now + LONGEST_TOLD:  # further off: another clock's
            continue
        known = house.casebook.brands.own_accounts(brand)
        if any(account.place == place and not is_name_id(account.native_id) for account in known):
            continue
        house.casebook.can_write()  # or the answer could not be kept, and the site would be asked at every tick
        try:
            account = publisher.me(now)
        except Unavailable as unavailable:
            house.asked_in_vain[brand, place] = tries = house.asked_in_vain.get((brand, place), 0) + 1
            backed_off = now + min(ASK_AGAIN * 2 ** min(tries - 1, 10), LONGEST_ASK)
            house.ask_again[brand, place] = min(max(unavailable.retry_at or now, backed_off), now + LONGEST_TOLD)
            _log.warning("a place did not say who we are there", brand=brand, place=place, why=unavailable.why)
            continue
        house.casebook.brands.own_account(brand, account, now)
        learned += 1
    return learned

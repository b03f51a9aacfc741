"""A small house with real rooms: a base on disk, the casebook, X as the place (nothing is sent), and what people paste."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from desk.scaled.alive import Alive
from desk.web.passwords import hash_password
from places.by_hand import ByHandPlace
from places.doors import Place, Publisher, Source
from places.x import XSettings, open_x
from responders.proposing import propose_one
from storage.casebook import Casebook, Judged
from storage.engine import Engine
from storage.reading import Reading
from storage.words import (
    Account,
    Author,
    Batch,
    Brand,
    Kind,
    Post,
    Reason,
    Shop,
    Topic,
    Verdict,
)
from tests.clock import Clock

PASSWORD = "four unrelated words"
ROSE = Brand(
    "rosebakery",
    "Rose Bakery",
    names=("Rose Bakery",),
    handles={"x": "rosebakery"},
    time_zone="Europe/Bucharest",
    contact={"": "hello@rosebakery.example"},
    shops=(
        Shop("market", "Market Street", names=("Market Street",)),
        Shop("harbour", "Harbour", names=("Harbour",)),
    ),
)
SWIFT = Brand("swiftcourier", "Swift Courier", names=("Swift Courier",), handles={"x": "swiftcourier"})
KEYS = XSettings(
    bearer_token="b", consumer_key="c", consumer_secret="c", access_token="a", access_token_secret="a", base_url="http://127.0.0.1:1"
)  # fmt: skip

_HASH: list[str] = []  # hashing takes its time; once is enough
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Posting:
    hold: timedelta = timedelta(seconds=60)
    first_hold: timedelta = timedelta(minutes=15)
    first_replies: int = 10


@dataclass(frozen=True)
class Service:
    sign_in_for: timedelta = timedelta(days=30)
    sign_out_after: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Settings:
    demo: bool = False
    public_url: str | None = None
    town_url: str | None = None
    posting: Posting = field(default_factory=Posting)
    service: Service = field(default_factory=Service)


def _said_by(handle: str) -> str:
    """Each in words of their own: the same words from many accounts would be a campaign."""
    said = "@rosebakery two hours for a birthday cake, and it was the wrong one."
    return said if handle == "cora" else f"{said} Says {handle}."


@dataclass
class House:
    """See desk.web.house.House."""

    settings: Settings
    engine: Engine
    casebook: Casebook
    reading: Reading
    brands: Mapping[str, Brand]
    places: Mapping[str, Place]
    publishers: Mapping[tuple[str, str], Publisher]
    clock: Clock
    sources: Mapping[str, Source] = field(default_factory=dict)
    amiss: tuple[str, ...] = ()
    workers: Alive | None = None

    def troubles(self) -> tuple[str, ...]:
        """What the service would say of itself."""
        return self.amiss

    def may_learn(self, place: str) -> bool:
        """As the place says."""
        known = self.places.get(place)
        return known is None or known.capabilities.may_learn

    def propose_now(self, case_id: int) -> None:
        """Propose for this turn, as the service does at its next tick."""
        propose_one(
            self.casebook, self.reading, self.places, self.publishers, self.brands, case_id, self.clock()
        )  # fmt: skip

    def complain(
        self,
        text: str = "",
        *,
        handle: str = "cora",
        name: str = "Cora Lane",
        brand: str = "rosebakery",
        url: str | None = None,
        summoned: bool = True,
        ago: timedelta = timedelta(hours=3),
        propose: bool = True,
        conversation: str | None = None,
        reasons: tuple[Reason, ...] = (Reason("cue:waiting", "They say they waited.", 12, 21),),
        native_id: str | None = None,
        urgency: int = 3,
        sensitive: bool = False,
    ) -> int:
        """Somebody complains on X; gives the case's id."""
        number = native_id or str(1_800_000_000_000_000_000 + next(_numbers))
        handle_of = self.brands[brand].handles["x"]
        post = Post(
            place="x",
            native_id=number,
            author=Author(f"id-{handle}", handle, name),
            text=text or _said_by(handle),
            created_at=self.clock() - ago,
            conversation_id=conversation or number,
            parent_id=conversation,
            url=url if url is not None else f"https://x.com/{handle}/status/{number}",
            lang="en",
            addressed=(handle_of,) if summoned else (),
        )
        self.take(brand, post, reasons=reasons, urgency=urgency, sensitive=sensitive)
        case_id = self.case_of(number)
        if propose:
            self.propose_now(case_id)
        return case_id

    def take(
        self,
        brand: str,
        post: Post,
        *,
        reasons: tuple[Reason, ...] = (),
        kind: Kind = Kind.COMPLAINT,
        urgency: int = 3,
        sensitive: bool = False,
    ) -> None:
        """One post comes in by the poller."""
        key, now = f"x:mentions:{brand}", self.clock()
        self.casebook.sources.ensure(key, brand, "x", timedelta(minutes=2), now)
        self.casebook.sources.poll_now(now)
        state = self.casebook.sources.claim(key, now)
        assert state is not None
        verdict = Verdict(kind, 0.9, "en", -0.6, Topic.WAITING, urgency, reasons, sensitive)
        self.casebook.rounds.record(key, state.fence, [Judged(post, verdict)], Batch((post,), "cursor"), now)

    def hear(
        self,
        text: str = "Rose Bakery is rather full on Saturdays.",
        *,
        share: float = 0.1,
        kind: Kind = Kind.CHATTER,
        place: str = "mastodon",
        handle: str = "dan",
        name: str = "Dan Pop",
        brand: str = "rosebakery",
        url: str | None = None,
        ago: timedelta = timedelta(hours=3),
        reason: str = "Nothing in it asks for an answer",
    ) -> int:
        """Somebody says something, of which the first look makes this kind, and this share of a complaint; gives the mention's id."""
        at = self.clock() - ago
        author = Author(f"id-{handle}", handle, name)
        one = as_heard(text, at, author, share=share, kind=kind, place=place, url=url, reason=reason)
        self.casebook.rounds.record_import(brand, [one], at)
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT m.id FROM mentions m JOIN posts p ON p.id = m.post_id WHERE p.native_id = ?",
                (one.post.native_id,),
            ).one()
        return int(found[0])

    def case_of(self, native_id: str) -> int:
        """The case that holds this post."""
        with self.engine.connect() as connection:
            row = connection.exec_driver_sql(
                "SELECT m.case_id FROM mentions m JOIN posts p ON p.id = m.post_id WHERE p.native_id = ?", (native_id,)
            ).one()
        return int(row[0])

    def write_again(self, case_id: int, text: str = "And nobody answers the phone.") -> None:
        """The customer writes again under their own post."""
        file = self.reading.case(case_id)
        assert file is not None
        first = file.complaint.post
        number = str(1_800_000_000_000_000_000 + next(_numbers))
        again = replace(
            first, native_id=number, text=text, created_at=self.clock(), parent_id=first.native_id, reply_to="", url=None
        )  # fmt: skip
        self.take(file.case.brand, again)


def as_heard(
    text: str,
    at: datetime,
    author: Author,
    *,
    share: float,
    kind: Kind,
    place: str = "mastodon",
    url: str | None = None,
    reason: str = "Nothing in it asks for an answer",
) -> Judged:
    """A post with what the first look makes of it."""
    number = str(1_900_000_000_000_000_000 + next(_numbers))
    rest = (1 - share) / (len(Kind) - 1)
    shares = tuple(share if one is Kind.COMPLAINT else rest for one in Kind)
    reasons = (Reason("cue", reason),)
    verdict = Verdict(kind, 0.9, "en", 0.0, Topic.OTHER, 1, reasons, shares=shares, model_version="1")
    return Judged(Post(place, number, author, text, at, number, url=url), verdict)


def build(engine: Engine, settings: Settings | None = None, *, two_brands: bool = False) -> House:
    """Ana's house on a base that is migrated and empty: she owns it, Ben works the inbox, Vera may only look."""
    clock = Clock()
    casebook = Casebook(engine, b"test")
    brands = {one.key: one for one in ((ROSE, SWIFT) if two_brands else (ROSE,))}
    casebook.brands.sync(list(brands.values()), clock())
    for brand in brands.values():
        casebook.brands.own_account(brand.key, Account("x", f"own-{brand.key}", brand.handles["x"]), clock())
    if not _HASH:
        _HASH.append(hash_password(PASSWORD))
    for name, role in (("Ana Rose", "owner"), ("Ben Cole", "member"), ("Vera Lind", "viewer")):
        casebook.people.add(f"{name.split()[0].lower()}@rosebakery.example", name, role, _HASH[0], clock())
    opened = {key: open_x(brand, KEYS) for key, brand in brands.items()}
    publishers = {(key, "x"): one.publisher for key, one in opened.items() if one.publisher}
    places = {"x": opened["rosebakery"].place, "paste": ByHandPlace("paste"), "import": ByHandPlace("import")}
    sources = {source.key: source for one in opened.values() for source in one.sources}
    return House(settings or Settings(), engine, casebook, Reading(engine), brands, places, publishers, clock, sources)

"""Ana's shop with the town's X behind it: real base, real client, real requests; and a witness who looks at the disk at every POST."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import structlog.testing
import time_machine
from sqlalchemy import event, select
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from desk.brands import BrandSection, XSection
from desk.config import Posting, Settings
from desk.demo import demo_keys
from desk.wiring import House, open_house
from desk.work import DUE_WORK, do_work
from sandbox.faults import FaultPlan
from sandbox.serve import Served
from sandbox.world import World
from sandbox.x import create_x
from sandbox.x.options import XOptions
from storage.engine import reading
from storage.tables import cases, posts, replies
from storage.verifying import Look, look_at
from storage.words import Audience, Draft, Purpose, Reach, ReachHow, ReplyState
from tests.quiet_logs import logging_left_alone

WORKS = {work.name: work for work in DUE_WORK}
POSTING = "/2/tweets"
SORRY = "We are sorry your cake came late. That was our fault. Please message us and we will put it right."
AT_ONCE = 40
"""Complaints that are heard in one poll."""
SETTLING = timedelta(minutes=4)
"""Longer than a lease, and than X needs to show what was posted."""

Prompt = Callable[..., tuple[int, str, str]]
"""What types a command: its words, to its code, what it says and what it complains of."""


class Witness:
    """Stands before the town's X. At every POST it takes the bytes that the disk holds at that moment; `judge` looks into them later."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.base: Path | None = None
        self.ask: Callable[[], bool] | None = (
            None  # where the base is on a server: whether it knows that a reply is on its way
        )
        self.posts = 0
        self.without_intent: list[str] = []
        self._taken: list[dict[str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == POSTING:
            self.posts += 1
            if self.base is not None:
                files = {suffix: Path(f"{self.base}{suffix}") for suffix in ("", "-wal")}
                self._taken.append({suffix: path.read_bytes() for suffix, path in files.items() if path.exists()})
            if self.ask is not None and not await run_in_threadpool(self.ask):
                self.without_intent.append(f"POST {self.posts}")
        await self.app(scope, receive, send)

    def judge(self) -> None:
        """Whether whoever started anew from the very bytes at each POST would know that a reply is on its way, word for word."""
        for files in self._taken:
            with tempfile.TemporaryDirectory() as folder:
                for suffix, held in files.items():
                    Path(f"{folder}/base.sqlite{suffix}").write_bytes(held)
                if not files.get("") or not _knows(Path(f"{folder}/base.sqlite")):
                    self.without_intent.append(f"POST {self.posts}")
        self._taken.clear()


def _knows(base: Path) -> bool:
    asked = "SELECT approved_text, payload FROM replies WHERE state = 'sending'"
    try:
        with closing(sqlite3.connect(base)) as copy:
            rows = copy.execute(asked).fetchall()
    except sqlite3.DatabaseError:
        return False
    return any(json.loads(payload)["text"] == text for text, payload in rows)


@dataclass
class Counter:
    """The shop's counter: customers complain, Ana answers, and the town's X is looked at from outside."""

    folder: Path
    world: World
    witness: Witness
    settings: Settings
    clock: time_machine.Traveller
    house: House = field(init=False)
    faults: FaultPlan = field(default_factory=FaultPlan)
    log: list[structlog.typing.EventDict] = field(default_factory=list)
    complaints: int = 0
    at_once: int = 1
    _heard: list[int] = field(default_factory=list)

    def open(self) -> House:
        """Open the shop, as a start of the service does."""
        self.house = open_house(self.settings, demo_keys())
        if not self.settings.on_server:
            self.witness.base = self.base
        return self.house

    @property
    def base(self) -> Path:
        """The file that holds everything."""
        return self.settings.database_path

    def work(self, *names: str, after: timedelta = timedelta(0)) -> list[int | None]:
        """One tick of these kinds of work (or of all), as the ticker does it; what each gave."""
        self.clock.shift(after)
        with logging_left_alone():
            structlog.reset_defaults()  # an earlier test may have asked for errors alone
            told = self._work(names)
        self.log += told[0]
        return told[1]

    def _work(self, names: tuple[str, ...]) -> tuple[list[structlog.typing.EventDict], list[int | None]]:
        with structlog.testing.capture_logs() as told:
            log = structlog.get_logger()
            done = [do_work(WORKS[name], self.house, datetime.now(UTC), log) for name in names or WORKS]
        return told, done

    def write(self) -> str:
        """Cora writes a complaint on X; gives its id there."""
        self.complaints += 1
        cora = self.world.add_account("x", f"cora{self.complaints}", "Cora")
        said = f"@rosebakery my cake came two hours late, terrible! ({self.complaints})"
        return self.world.publish("x", cora.id, said).id

    def hear(self, *ids: str) -> list[int]:
        """What was written on X is read; gives the cases."""
        self.house.casebook.sources.poll_now(datetime.now(UTC))
        self.work("poll")
        found = [self.case_of(one) for one in ids]
        assert all(found)
        return [one for one in found if one is not None]

    def complain(self) -> int:
        """Cora complains on X and is heard; gives the case, with a proposal."""
        if not self._heard:
            self._heard = self.hear(*(self.write() for _ in range(self.at_once)))
        case_id = self._heard.pop(0)
        draft = Draft(f"{SORRY} ({case_id})", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
        reach = Reach(ReachHow.API, "Cora mentioned you.")
        self.house.casebook.proposals.store(case_id, 1, [draft], reach, datetime.now(UTC))
        return case_id

    def case_of(self, native_id: str) -> int | None:
        """The case that a post on X raised; there must not be two."""
        with reading(self.house.engine) as connection:
            found = connection.execute(
                select(cases.c.id).join(posts, posts.c.id == cases.c.complaint_id).where(posts.c.native_id == native_id)
            ).all()
        assert len(found) <= 1
        return int(found[0].id) if found else None

    def approve(self, case_id: int) -> int:
        """Ana says yes to the first proposal; it is due at once."""
        file = self.house.reading.case(case_id)
        assert file is not None
        proposal = file.proposals[0]
        ana = f"person:{self.house.casebook.people.all()[0].id}"
        return self.house.casebook.replies.approve(
            proposal.id, file.case.turn, ana, datetime.now(UTC), hold=timedelta(0)
        )

    def text_of(self, reply_id: int) -> str:
        """What Ana approved."""
        with reading(self.house.engine) as connection:
            return str(connection.execute(replies.select().where(replies.c.id == reply_id)).one().approved_text)

    def state_of(self, reply_id: int) -> ReplyState:
        """How a reply stands."""
        with reading(self.house.engine) as connection:
            return ReplyState(connection.execute(replies.select().where(replies.c.id == reply_id)).one().state)

    def parked(self, case_id: int) -> str:
        """Why a person is asked, "" when nobody is."""
        file = self.house.reading.case(case_id)
        assert file is not None
        return file.case.parked_why or ""

    def up(self, case_id: int) -> list[str]:
        """What stands under the complaint by our account: the town's word, not our tables'."""
        file = self.house.reading.case(case_id)
        assert file is not None
        us = self.world.account("x", handle="rosebakery")
        assert us is not None
        under = file.complaint.post.native_id
        return [
            post.text
            for post in self.world.posts("x", author_id=us.id)
            if post.parent_id == under and post.deleted_at is None
        ]

    def requests(self) -> int:
        """How many requests the town has had."""
        return len(self.world.calls("x"))

    def crash(self) -> None:
        """What a kill -9 at this moment leaves: the files as they are, with nothing put in order. `open` starts anew from it."""
        with tempfile.TemporaryDirectory() as kept:
            for path in self.folder.glob("amends.sqlite*"):
                shutil.copy2(path, kept)
            self.house.close()
            for path in self.folder.glob("amends.sqlite*"):
                path.unlink()
            for path in Path(kept).iterdir():
                shutil.copy2(path, self.folder)
        (self.folder / "amends.sqlite-shm").unlink(missing_ok=True)

    def empty_log(self) -> None:
        """Put the write-ahead log into the file, so that the next write is its first."""
        raw = self.house.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()

    def lines(self, level: str = "") -> list[str]:
        """What the log was told, as sentences."""
        return [f"{line['event']} {line.get('why', '')}".strip() for line in self.log if level in line["log_level"]]

    @property
    def told(self) -> list[str]:
        """Every sentence of the log."""
        return [str(line["event"]) for line in self.log]

    def check_whole(self) -> None:
        """Every look holds, and no POST was made without its intent on the disk."""
        self.witness.judge()
        assert self.witness.without_intent == []
        assert [(look.found, look.wrong) for look in looks(self.house) if not look.holds] == []


def looks(house: House) -> Sequence[Look]:
    """All that `amends verify` looks at."""
    return list(look_at(house.engine, house.casebook.key))


def _hurry(raw: sqlite3.Connection, _: object) -> None:
    # No power is lost in a test: waiting for the disk would prove nothing and cost minutes.
    raw.execute("PRAGMA synchronous=OFF")


@cache
def _prepared() -> dict[str, bytes]:
    """A new base with its key: made once, since making it takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        open_house(Settings().beside(Path(folder)), {}).close()
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@contextmanager
def shop_in(folder: Path, address: str | None = None) -> Iterator[Counter]:
    """A shop that keeps its things in `folder`, or on the server at `address`, and the town's X."""
    for name, held in _prepared().items():
        path = folder / name
        path.write_bytes(held)
        path.chmod(0o600)
    with time_machine.travel(datetime.now(UTC), tick=True) as clock, World(":memory:") as world:
        options = XOptions()
        witness = Witness(create_x(world, options=options))
        with Served(witness) as served:
            world.add_account("x", "rosebakery", "Rose Bakery")
            brand = BrandSection(
                key="rosebakery",
                name="Rose Bakery",
                names=("Rose Bakery", "rosebakery"),
                x=XSection(handle="rosebakery", api=served.url, search=False),
            )
            posting = Posting(hold=timedelta(0), first_hold=timedelta(0))
            settings = Settings(brand=(brand,), posting=posting).beside(folder).kept_at(address)
            shop = Counter(folder, world, witness, settings, clock, options.faults)
            house = shop.open()
            house.casebook.people.add("ana@rosebakery.example", "Ana", "owner", "no password", datetime.now(UTC))
            if address is None:
                event.listen(house.engine, "connect", _hurry)
                house.engine.dispose()
            shop.work("accounts")
            try:
                yield shop
            finally:
                shop.house.close()

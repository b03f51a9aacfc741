"""A shop with one complaint, a clock that is moved by hand, and a platform whose answers a test writes down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from places.doors import Capabilities, Repeat
from responders.outbox import Outbox
from storage.casebook import Casebook, DueReply, Judged
from storage.engine import Engine, reading
from storage.reading import Reading
from storage.tables import replies
from storage.views import CaseFile, CaseView, ReplyView
from storage.words import (
    Account,
    Audience,
    Author,
    Draft,
    Gone,
    Kind,
    Length,
    Post,
    Posted,
    Purpose,
    Reach,
    ReachHow,
    Reply,
    Topic,
    Verdict,
)
from tests.clock import Clock

HOLD = timedelta(minutes=1)
SETTLE = timedelta(minutes=3)
ANA = "person:1"
TEXT = "We're sorry the cake came late, Cora. That is on us. Please message us so that we can put it right."


@dataclass
class Platform:
    """What is really up on the platform, and what it will answer next. `outcomes` are raised or called in turn; then all goes well."""

    place: str = "x"
    account: str = "rosebakery"
    repeat: Repeat = Repeat.NEVER
    key_lives: timedelta | None = None
    up: list[Reply] = field(default_factory=list)
    requests: int = 0
    outcomes: list[Exception | Callable[[Reply], Posted]] = field(default_factory=list)
    looks: list[Exception] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    removals: list[Exception] = field(default_factory=list)
    hidden: bool = False  # the listing lags: what is up cannot be found yet

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("x", "X", True, True, True, False, self.repeat, SETTLE, self.key_lives)

    def measure(self, text: str, audience: Audience) -> Length:
        return Length(len(text), 280)

    def compose_link(self, reply: Reply) -> str | None:
        return None

    def me(self, now: datetime) -> Account:
        return Account("x", "1", "rosebakery")

    def reach(self, post: Post, audience: Audience) -> Reach:
        return Reach(ReachHow.API, "Cora mentioned you.")

    def post(self, reply: Reply, now: datetime) -> Posted:
        self.requests += 1
        outcome = self.outcomes.pop(0) if self.outcomes else self.put_up
        if isinstance(outcome, Exception):
            raise outcome
        return outcome(reply)

    def put_up(self, reply: Reply) -> Posted:
        self.up.append(reply)
        return Posted(f"up-{len(self.up)}", f"https://x.com/rosebakery/status/up-{len(self.up)}", reply.sent_at)

    def put_up_but_fail(self, error: Exception) -> Callable[[Reply], Posted]:
        def do(reply: Reply) -> Posted:
            self.put_up(reply)
            raise error

        return do

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        self.asked_since.append(reply.sent_at)
        if self.looks:
            raise self.looks.pop(0)
        for number, one in enumerate(self.up, start=1):
            native_id = f"up-{number}"
            mine = one.parent_id in reply.parent_ids and one.purpose == reply.purpose
            if mine and not self.hidden and native_id not in reply.known_ids:
                return Posted(native_id, None, one.sent_at)
        return None

    def remove(self, posted: Posted, now: datetime) -> None:
        if self.removals:
            raise self.removals.pop(0)
        self.up.clear()


@dataclass
class Shop:
    """Everything a test needs of Ana's shop."""

    casebook: Casebook
    reading: Reading
    clock: Clock
    platform: Platform
    engine: Engine
    before_claim: list[Exception | Callable[[], None]] = field(default_factory=list)

    @property
    def outbox(self) -> Outbox:
        return Outbox(
            self.casebook,
            {"x": self.platform},
            {("rosebakery", "x"): self.platform},
            self.look_again,
            self.clock,
        )

    def look_again(self, due: DueReply, now: datetime) -> None:
        outcome = self.before_claim.pop(0) if self.before_claim else None
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            outcome()

    def complaint(self, native_id: str = "100", text: str = "@rosebakery the cake came two hours late!") -> int:
        judged = Judged(self.post(native_id, text), verdict())
        return self.casebook.rounds.record_import("rosebakery", [judged], self.clock()).raised[0]

    def another_complaint(self) -> int:
        """Dan complains too, elsewhere."""
        said = replace(self.post("200", "@rosebakery stale bread"), author=Author("8", "dan", "Dan"))
        judged = Judged(replace(said, conversation_id="200"), verdict())
        return self.casebook.rounds.record_import("rosebakery", [judged], self.clock()).raised[0]

    def post(self, native_id: str, text: str) -> Post:
        cora = Author("7", "cora", "Cora")
        return Post("x", native_id, cora, text, self.clock(), conversation_id="100", addressed=("rosebakery",))

    def says(self, native_id: str, text: str, kind: Kind = Kind.COMPLAINT) -> None:
        judged = Judged(self.post(native_id, text), verdict(kind))
        self.casebook.rounds.record_import("rosebakery", [judged], self.clock())

    def deletes(self, native_id: str) -> None:
        self.casebook.rounds.record_again("rosebakery", [Gone(native_id, "deleted")], "x", self.clock())

    def approved(self, case_id: int, text: str = TEXT) -> int:
        file = self.file(case_id)
        draft = Draft(text, "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
        reach = Reach(ReachHow.API, "Cora mentioned you.")
        proposal = self.casebook.proposals.store(case_id, file.case.turn, [draft], reach, self.clock())[0]
        return self.casebook.replies.approve(proposal, file.case.turn, ANA, self.clock(), hold=HOLD)

    def reply(self, reply_id: int) -> ReplyView:
        with reading(self.engine) as connection:
            case_id = connection.execute(select(replies.c.case_id).where(replies.c.id == reply_id)).scalar_one()
        return next(one for one in self.file(case_id).replies if one.id == reply_id)

    def case(self, case_id: int) -> CaseView:
        return self.file(case_id).case

    def file(self, case_id: int) -> CaseFile:
        file = self.reading.case(case_id)
        assert file is not None
        return file

    def parked(self, case_id: int) -> str:
        """Why a person is needed, "" when nobody is."""
        return self.case(case_id).parked_why or ""

    def claimed(self, reply_id: int) -> Reply:
        reply = self.casebook.replies.claim(reply_id, self.clock())
        assert reply is not None
        return reply


def verdict(kind: Kind = Kind.COMPLAINT) -> Verdict:
    mood = -0.6 if kind is Kind.COMPLAINT else 0.6
    return Verdict(kind, 0.9, "en", mood, Topic.DELIVERY, 2, (), model_version="test")

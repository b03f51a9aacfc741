"""A service whose clock jumps, and a site that goes by the true time: customers who are each answered in the middle of something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk.clock import ClockWatch
from desk.digest.due import due_date
from places.doors import Repeat, Unavailable, Unsure
from responders.outbox import Outbox, clock_was_set, look_due, post_due, remove_due
from storage.casebook import Casebook, DueReply, Judged
from storage.reading import Reading
from storage.views import CaseFile
from storage.words import (
    Audience,
    Author,
    Batch,
    Draft,
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
from tests.clock import NOON
from tests.outbox.shop import Platform

HOLD = timedelta(minutes=1)
SOURCE, POLL_EVERY = "x:mentions:rosebakery", timedelta(minutes=2)
DIGEST_AT, ANA = time(12, 20), "ana@rosebakery.example"
COMPLAINT = Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.PRODUCT, 2, (), model_version="test")
BY_API = Reach(ReachHow.API, "Cora mentioned you.")


@dataclass
class Site(Platform):
    """Knows the true time. `plans` are the answers to the next requests for a post, by the post that is answered."""

    repeat: Repeat = Repeat.AFTER_TWO_LOOKS
    true: datetime = NOON
    plans: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, list[datetime]] = field(default_factory=dict)
    went_up: Counter[str] = field(default_factory=Counter)
    came_down: dict[str, datetime] = field(default_factory=dict)
    stands: list[tuple[str, str, datetime]] = field(default_factory=list)

    def post(self, reply: Reply, now: datetime) -> Posted:
        self.asked.setdefault(reply.parent_id, []).append(self.true)
        plan = self.plans.get(reply.parent_id)
        answer = plan.pop(0) if plan else "done"
        if answer == "limited":
            raise Unavailable("Too many.", now + timedelta(minutes=20))
        if answer == "lost":
            raise Unsure("The connection broke.")
        posted = self.take(reply)
        if answer == "done, lost":
            raise Unsure("The connection broke.")
        return posted

    def take(self, reply: Reply) -> Posted:
        """It is up."""
        self.went_up[reply.parent_id] += 1
        self.stands.append((f"up-{len(self.stands) + 1}", reply.parent_id, self.true))
        return Posted(self.stands[-1][0], None, self.true)

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        since = reply.sent_at - timedelta(minutes=5)
        here = (one for one in self.stands if one[1] == reply.parent_id and one[2] >= since)
        found = next((one for one in here if one[0] not in reply.known_ids), None)
        return Posted(found[0], None, found[2]) if found else None

    def remove(self, posted: Posted, now: datetime) -> None:
        self.came_down[next(parent for number, parent, _ in self.stands if number == posted.native_id)] = self.true


@dataclass
class Street:
    """The service, and what happens to its clock. `skew` is how far it is wrong."""

    casebook: Casebook
    reading: Reading
    site: Site = field(default_factory=Site)
    skew: timedelta = timedelta(0)
    away: Counter[str] = field(default_factory=Counter)
    polls: list[datetime] = field(default_factory=list)
    mails: list[date] = field(default_factory=list)
    cases: dict[str, int] = field(default_factory=dict)
    yes: datetime = NOON  # the true time of Ana's last yes

    def __post_init__(self) -> None:
        self.watch = self._watch()

    def clock(self) -> datetime:
        """Our clock."""
        return self.site.true + self.skew

    def _watch(self) -> ClockWatch:
        return ClockWatch(self.clock, self._ticked)

    def _ticked(self) -> float:
        return (self.site.true - NOON).total_seconds()

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.casebook, {"x": self.site}, {("rosebakery", "x"): self.site}, self.look_again, self.clock)

    def look_again(self, due: DueReply, now: datetime) -> None:
        if self.away[due.parent.native_id] > 0:
            self.away[due.parent.native_id] -= 1
            raise Unavailable("Nothing answers.")

    def passes(self, length: timedelta, step: timedelta) -> None:
        """The service ticks as the ticker does, while the true time passes."""
        until = self.site.true + length
        while self.site.true < until:
            self.site.true += step
            self.tick()

    def jumps(self, by: timedelta, *, off: bool = False) -> None:
        """Our clock is set; `off`: while nothing was running, so that only the base remembers."""
        self.skew += by
        if off:
            self.watch = self._watch()

    def tick(self) -> None:
        """All that is due, in the order of the service."""
        self.watch.settle(lambda jump: clock_was_set(self.outbox, jump))
        now = self.clock()
        if self.casebook.clocks.note(now):
            self.casebook.digests.not_yet(now.date(), now)
        claimed = self.casebook.sources.claim(SOURCE, now) if self.casebook.sources.due(now) else None
        if claimed is not None:
            self.polls.append(self.site.true)
            self.casebook.rounds.record(SOURCE, claimed.fence, [], Batch((), None), now)
        work: tuple[Callable[[Outbox], int], ...] = (post_due, look_due, remove_due)
        for do in work:
            do(self.outbox)
        self._send_digest(now)

    def _send_digest(self, now: datetime) -> None:
        day = due_date(now, DIGEST_AT, ZoneInfo("UTC"))
        digest = self.casebook.digests.claim("*", ANA, day, now) if day is not None else None
        if day is not None and digest is not None:
            self.mails.append(day)
            self.casebook.digests.sent(digest.id, now)

    def complaint(self, name: str) -> int:
        """Somebody complains in a conversation of their own."""
        said = Post("x", name, Author(name, name, name), f"{name}: stale cake", self.site.true, name)
        heard = self.casebook.rounds.record_import("rosebakery", [Judged(said, COMPLAINT)], self.clock())
        self.cases[name] = heard.raised[0]
        return heard.raised[0]

    def file_of(self, name: str) -> CaseFile:
        """Everything about somebody's case."""
        file = self.reading.case(self.cases[name])
        assert file is not None
        return file

    def approved(self, name: str, *answers: str) -> int:
        """Ana says yes to an answer; the site will answer so when asked to post it."""
        self.site.plans[name], self.yes = list(answers), self.site.true
        case = self.cases.get(name) or self.complaint(name)
        draft = Draft(f"Sorry, {name}.", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
        (proposal,) = self.casebook.proposals.store(case, 1, [draft], BY_API, self.clock())
        return self.casebook.replies.approve(proposal, 1, "person:1", self.clock(), hold=HOLD)

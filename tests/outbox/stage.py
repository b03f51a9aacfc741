"""A town with one platform, a victim that posts there and is killed, and a judge who looks from outside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.faults import FaultPlan
from sandbox.reddit import create_reddit
from sandbox.reddit.asking import RedditOptions
from sandbox.serve import Served
from sandbox.world import World
from sandbox.x import create_x
from sandbox.x.options import XOptions
from storage.casebook import Casebook, Judged
from storage.engine import open_engine
from storage.reading import Reading
from storage.words import (
    Account,
    Audience,
    Author,
    CaseState,
    Draft,
    Post,
    Purpose,
    Reach,
    ReachHow,
    ReplyState,
)
from tests.outbox.shop import verdict
from tests.outbox.victim import BRAND

TEXT = "We are sorry the cake came late. That was our fault. Please message us and we will put it right."
KILLED = -9
STARTS = 14
"""Starts after a kill until everything must be settled: lease, two looks, one repeat, two more looks, and some to spare."""


@dataclass
class Ahead:
    """The town's clock: the real one, moved."""

    by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass
class Complaint:
    """One complaint on the platform, its answer approved in a base of its own."""

    base: Path
    reading: Reading
    native_id: str
    case_id: int

    @property
    def settled(self) -> bool:
        """Whether the answer is up, or a person has been told."""
        file = self.reading.case(self.case_id)
        assert file is not None
        return file.replies[0].state is ReplyState.POSTED or file.case.parked_why is not None


@dataclass
class Stage:
    """The town, the victim, and what happened so far."""

    place: str
    world: World
    url: str
    faults: FaultPlan
    victim: subprocess.Popen[str]
    template: Path
    folder: Path
    clock: Ahead = field(default_factory=Ahead)
    runs: int = 0
    kills: int = 0

    def order(self, complaint: Complaint, kill_at: int | None) -> dict[str, int]:
        """One start of the victim, killed at step `kill_at`."""
        assert self.victim.stdin is not None
        assert self.victim.stdout is not None
        told = {
            "place": self.place,
            "url": self.url,
            "base": f"sqlite:///{complaint.base}",
            "now": self.clock().isoformat(),
            "kill_at": kill_at,
        }
        self.victim.stdin.write(json.dumps(told) + "\n")
        self.victim.stdin.flush()
        answer: dict[str, int] = json.loads(self.victim.stdout.readline())
        self.runs += 1
        self.kills += answer["status"] == KILLED
        assert answer["status"] in (0, KILLED), "the victim failed by itself"
        return answer

    def recover(self, complaint: Complaint, kill_at: int | None = None) -> None:
        """Start again and again, as time goes by, until nothing more is due; the first start may be killed too."""
        for start in range(STARTS):
            self.order(complaint, kill_at if start == 0 else None)
            self.clock.by += timedelta(minutes=5)
            if start and complaint.settled:
                return

    def complain(self) -> Complaint:
        """Cora complains; Ana has approved an answer that is due."""
        base = self.folder / f"amends-{self.runs}.sqlite"
        shutil.copy(self.template, base)
        engine = open_engine(f"sqlite:///{base}")
        casebook, now = Casebook(engine, b"test"), self.clock()
        cora, ours = self._account("cora"), self._account("rosebakery")
        said = self.world.publish(
            self.place, cora, f"@rosebakery my cake came late! ({self.runs})", title="Late cake", board="rosetown"
        )
        person, thing = ("t2_", "t3_") if self.place == "reddit" else ("", "")
        casebook.brands.sync([BRAND], now)
        casebook.brands.own_account("rosebakery", Account(self.place, person + ours, "rosebakery"), now)
        author = Author(person + cora, "cora", "Cora")
        conversation = thing + said.conversation_id
        post = Post(self.place, thing + said.id, author, said.text, now, conversation, addressed=("rosebakery",))
        case_id = casebook.rounds.record_import("rosebakery", [Judged(post, verdict())], now).raised[0]
        draft = Draft(f"{TEXT} ({self.runs})", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
        proposal = casebook.proposals.store(case_id, 1, [draft], Reach(ReachHow.API, "She mentioned you."), now)[0]
        casebook.replies.approve(proposal, 1, "command", now, hold=timedelta(0))
        return Complaint(base, Reading(engine), said.id, case_id)

    def up(self, complaint: Complaint) -> list[str]:
        """What stands under the complaint by our account, whatever our tables say."""
        posts = self.world.posts(self.place, author_id=self._account("rosebakery"))
        return [post.text for post in posts if post.parent_id == complaint.native_id]

    def judge(self, complaint: Complaint) -> None:
        """At most one, word for word; and what is not up has been told to a person."""
        found = self.up(complaint)
        file = complaint.reading.case(complaint.case_id)
        assert file is not None
        reply = file.replies[0]
        assert len(found) <= 1, "doubled"
        assert all(text == reply.text for text in found), "not what was approved"
        if found:
            known = reply.state is ReplyState.POSTED and file.case.state is CaseState.ANSWERED
            assert known or file.case.parked_why, f"it is up, nobody knows, and nobody is asked: {reply.state}"
        else:
            told = [row.case_id for row in complaint.reading.lists(self.clock()).parked]
            assert told == [complaint.case_id], f"lost: {reply.state}"
        complaint.reading.engine.dispose()
        complaint.base.unlink()

    def _account(self, handle: str) -> str:
        account = self.world.account(self.place, handle=handle)
        assert account is not None
        return account.id


@contextmanager
def staged(place: str, folder: Path, template: Path) -> Iterator[Stage]:
    """A stage for "x" or "reddit" in `folder`; `template` is a migrated, empty base."""
    clock = Ahead()
    program = Path(__file__).with_name("victim.py")
    with World(folder / f"{place}.sqlite", clock) as world:
        options = XOptions() if place == "x" else RedditOptions()
        app = (
            create_x(world, options=options) if isinstance(options, XOptions) else create_reddit(world, options=options)
        )
        world.add_account(place, "rosebakery", "Rose Bakery")
        world.add_account(place, "cora", "Cora")
        with (
            Served(app) as served,
            subprocess.Popen(
                [sys.executable, str(program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            ) as victim,
        ):
            yield Stage(place, world, served.url, options.faults, victim, template, folder, clock)
            assert victim.stdin is not None
            victim.stdin.close()

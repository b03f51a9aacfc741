"""Kill -9 at every step of posting, with the real clients against the town's servers: never twice, never lost.

Judged from outside: by what stands on the platform, not by our own tables.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import CUT, Done, Fault
from sandbox.reddit import create_reddit
from sandbox.serve import Served
from sandbox.world import World
from sandbox.x import create_x
from storage.casebook import Casebook, Judged
from storage.engine import open_engine
from storage.migrate import upgrade
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


@dataclass
class Ahead:
    """The town's clock: the real one, moved."""

    by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass
class Stage:
    """A town with one platform, and a victim that posts there."""

    place: str
    world: World
    served: Served
    options: Any
    victim: subprocess.Popen[str]
    template: Path
    folder: Path
    clock: Ahead
    runs: int = 0
    kills: int = 0
    notes: list[str] = field(default_factory=list)

    def order(self, base: Path, kill_at: int | None) -> dict[str, int]:
        assert self.victim.stdin is not None
        assert self.victim.stdout is not None
        told = {
            "place": self.place,
            "url": self.served.url,
            "base": f"sqlite:///{base}",
            "now": self.clock().isoformat(),
            "kill_at": kill_at,
        }
        self.victim.stdin.write(json.dumps(told) + "\n")
        self.victim.stdin.flush()
        answer: dict[str, int] = json.loads(self.victim.stdout.readline())
        self.runs += 1
        self.kills += answer["status"] == -9
        assert answer["status"] in (0, -9), "the victim failed by itself"
        return answer


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "amends.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["x", "reddit"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, template: Path) -> Iterator[Stage]:
    place: str = request.param
    clock = Ahead()
    program = Path(__file__).with_name("victim.py")
    with World(tmp_path / "town.sqlite", clock) as world:
        if place == "x":
            from sandbox.x.options import XOptions

            options: Any = XOptions()
            app = create_x(world, options=options)
        else:
            from sandbox.reddit.asking import RedditOptions

            options = RedditOptions()
            app = create_reddit(world, options=options)
        world.add_account(place, "rosebakery", "Rose Bakery")
        world.add_account(place, "cora", "Cora")
        with (
            Served(app) as served,
            subprocess.Popen(
                [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                cwd=Path(__file__).parents[2],
            ) as victim,
        ):  # fmt: skip
            yield Stage(place, world, served, options, victim, template, tmp_path, clock)
            assert victim.stdin is not None
            victim.stdin.close()


@dataclass
class Complaint:
    """One complaint on the platform, approved in a base of its own."""

    base: Path
    casebook: Casebook
    reading: Reading
    native_id: str
    case_id: int
    reply_id: int


def complain(stage: Stage) -> Complaint:
    base = stage.folder / f"amends-{stage.runs}.sqlite"
    shutil.copy(stage.template, base)
    engine = open_engine(f"sqlite:///{base}")
    casebook = Casebook(engine, b"test")
    now = stage.clock()
    cora = stage.world.account(stage.place, handle="cora")
    ours = stage.world.account(stage.place, handle="rosebakery")
    assert cora is not None
    assert ours is not None
    said = stage.world.publish(
        stage.place, cora.id, f"@rosebakery my cake came late! ({stage.runs})", title="Late cake", board="rosetown"
    )
    casebook.brands.sync([BRAND], now)
    account, post_name = ("t2_", "t3_") if stage.place == "reddit" else ("", "")
    casebook.brands.own_account("rosebakery", Account(stage.place, account + ours.id, ours.handle), now)
    post = Post(
        stage.place, post_name + said.id, Author(account + cora.id, "cora", "Cora"), said.text, now,
        post_name + said.conversation_id, addressed=("rosebakery",),
    )  # fmt: skip
    case_id = casebook.rounds.record_import("rosebakery", [Judged(post, verdict())], now).raised[0]
    draft = Draft(f"{TEXT} ({stage.runs})", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    proposal = casebook.proposals.store(case_id, 1, [draft], Reach(ReachHow.API, "She mentioned you."), now)[0]
    reply_id = casebook.replies.approve(proposal, 1, "command", now, hold=timedelta(0))
    return Complaint(base, casebook, Reading(engine), said.id, case_id, reply_id)


def up(stage: Stage, complaint: Complaint) -> list[str]:
    """What stands under the complaint by our account, whoever's tables say what."""
    ours = stage.world.account(stage.place, handle="rosebakery")
    assert ours is not None
    posts = stage.world.posts(stage.place, author_id=ours.id)
    return [post.text for post in posts if post.parent_id == complaint.native_id]


def judge(stage: Stage, complaint: Complaint) -> None:
    """At most one, word for word; and what is not up is told to a person or still on its way."""
    found = up(stage, complaint)
    file = complaint.reading.case(complaint.case_id)
    assert file is not None
    reply = file.replies[0]
    assert len(found) <= 1, "doubled"
    assert all(text == reply.text for text in found), "not what was approved"
    if found:
        assert reply.state is ReplyState.POSTED, f"up, but {reply.state}"
        assert file.case.state is CaseState.ANSWERED
    else:
        told = complaint.reading.lists(stage.clock()).parked
        assert [row.case_id for row in told] == [complaint.case_id], f"lost: {reply.state}"
    complaint.reading.engine.dispose()


def recover(stage: Stage, complaint: Complaint, kill_at: int | None = None) -> None:
    """Start again and again, as time goes by, until nothing more is due; the first start may be killed too."""
    for start in range(10):
        stage.order(complaint.base, kill_at if start == 0 else None)
        stage.clock.by += timedelta(minutes=5)
        if start and settled(complaint):
            return


def settled(complaint: Complaint) -> bool:
    file = complaint.reading.case(complaint.case_id)
    assert file is not None
    return file.replies[0].state is ReplyState.POSTED or file.case.parked_why is not None


def steps_of(stage: Stage) -> int:
    """How many steps an undisturbed posting takes; it must go up."""
    complaint = complain(stage)
    answer = stage.order(complaint.base, None)
    assert len(up(stage, complaint)) == 1
    judge(stage, complaint)
    assert answer["steps"] >= 10, "the steps are not counted"
    return answer["steps"]


def test_a_kill_at_any_step_neither_doubles_nor_loses(stage: Stage) -> None:
    steps = steps_of(stage)
    outcomes = set()
    for kill_at in range(1, steps + 1):
        complaint = complain(stage)
        assert stage.order(complaint.base, kill_at)["status"] == -9
        recover(stage, complaint)
        outcomes.add(len(up(stage, complaint)))
        judge(stage, complaint)
    assert stage.kills == steps
    assert 1 in outcomes


def test_a_second_kill_while_recovering_changes_nothing(stage: Stage) -> None:
    steps = steps_of(stage)
    for kill_at in range(steps // 2 - 3, steps + 1, 4):
        for again in (3, 7):
            complaint = complain(stage)
            stage.order(complaint.base, kill_at)
            stage.clock.by += timedelta(minutes=5)
            recover(stage, complaint, kill_at=again)
            judge(stage, complaint)


@pytest.mark.parametrize("done", [Done.FIRST, Done.NEVER])
def test_a_lost_answer_and_a_kill_together_neither_double_nor_lose(stage: Stage, done: Done) -> None:
    posting = r"/2/tweets$" if stage.place == "x" else r"/api/comment"
    for kill_at in (None, 12, 16, 20):
        complaint = complain(stage)
        stage.options.faults.add(Fault("POST", posting, done, CUT))
        stage.order(complaint.base, kill_at)
        recover(stage, complaint)
        stage.options.faults.clear()
        judge(stage, complaint)

"""Kill -9 at every step of posting, with the real clients against the town's servers: never twice, never lost.

Judged from outside: by what stands on the platform, not by our own tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.faults import CUT, Done, Fault
from storage.migrate import upgrade
from tests.outbox.stage import KILLED, Stage, staged

POSTING = {"x": r"/2/tweets$", "reddit": r"/api/comment"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "amends.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["x", "reddit"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, template: Path) -> Iterator[Stage]:
    with staged(request.param, tmp_path, template) as ready:
        yield ready


def steps_of(stage: Stage) -> int:
    """How many steps an undisturbed posting takes; it must go up."""
    complaint = stage.complain()
    answer = stage.order(complaint, None)
    assert len(stage.up(complaint)) == 1
    stage.judge(complaint)
    assert answer["steps"] >= 10, "the steps are not counted"
    return answer["steps"]


def test_a_kill_at_any_step_neither_doubles_nor_loses(stage: Stage) -> None:
    steps = steps_of(stage)
    outcomes = set()
    for kill_at in range(1, steps + 1):
        complaint = stage.complain()
        assert stage.order(complaint, kill_at)["status"] == KILLED
        stage.recover(complaint)
        outcomes.add(len(stage.up(complaint)))
        stage.judge(complaint)
    assert stage.kills == steps
    assert 1 in outcomes


def test_a_second_kill_while_recovering_changes_nothing(stage: Stage) -> None:
    steps = steps_of(stage)
    for kill_at in range(steps // 2 - 3, steps + 1, 4):
        for again in (3, 7):
            complaint = stage.complain()
            stage.order(complaint, kill_at)
            stage.recover(complaint, kill_at=again)
            stage.judge(complaint)


@pytest.mark.parametrize("done", [Done.FIRST, Done.NEVER])
def test_a_lost_answer_and_a_kill_together_neither_double_nor_lose(stage: Stage, done: Done) -> None:
    for kill_at in (None, 12, 16, 20):
        complaint = stage.complain()
        stage.faults.add(Fault("POST", POSTING[stage.place], done, CUT))
        stage.order(complaint, kill_at)
        stage.recover(complaint)
        stage.faults.clear()
        stage.judge(complaint)

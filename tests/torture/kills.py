"""Torture: random kills and random faults while posting, for as long as one likes. `make torture MINUTES=60 SEED=7`

Every round is one complaint with an approved answer; the process that posts it is killed -9 at a random step, often more than once,
while requests are cut, refused, garbled or executed without an answer. Judged from outside, by what stands on the platform.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sandbox.faults import CUT, EMPTY, GARBAGE, HALF, HTML_503, Done, Fault
from storage.migrate import upgrade
from tests.outbox.stage import Stage, staged

POSTING = {"x": r"/2/tweets$", "reddit": r"/api/comment"}
LAST_STEP = 30
"""Beyond the last step of a posting: some rounds see no kill at all."""


def random_faults(place: str, chance: random.Random) -> Sequence[Fault]:
    """None, one or two things that go wrong: with the posting, or with any request."""
    faults = []
    for _ in range(chance.choice((0, 1, 1, 2))):
        posting = chance.random() < 0.6
        method, path = ("POST", POSTING[place]) if posting else ("", "")
        done = chance.choice((Done.NEVER, Done.FIRST))
        seen = chance.choice((CUT, EMPTY, GARBAGE, HTML_503, *((HALF,) if done is Done.FIRST else ())))
        faults.append(Fault(method, path, done, seen, times=chance.choice((1, 1, 2)), skip=chance.randrange(3)))
    return faults


def one_round(stage: Stage, chance: random.Random) -> str:
    """One complaint through kills and faults; gives how it ended. Raises AssertionError when something doubled or was lost."""
    complaint = stage.complain()
    stage.faults.add(*random_faults(stage.place, chance))
    stage.order(complaint, chance.randrange(1, LAST_STEP))
    again = chance.randrange(1, LAST_STEP) if chance.random() < 0.5 else None
    stage.recover(complaint, again)
    stage.faults.clear()
    stage.recover(complaint)
    ended = "posted" if stage.up(complaint) else "told to a person"
    stage.judge(complaint)
    return ended


def torture(minutes: float, seed: int) -> tuple[Counter[str], int, list[str]]:
    """Rounds by how they ended, kills, and what went wrong."""
    ended: Counter[str] = Counter()
    wrong: list[str] = []
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory()))
        template = folder / "template.sqlite"
        upgrade(f"sqlite:///{template}")
        stages = [open_things.enter_context(staged(place, folder, template)) for place in ("x", "reddit")]
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn()
        )
        progress = open_things.enter_context(bar)
        task = progress.add_task("torture", total=minutes * 60, told="")
        start = time.monotonic()
        number = 0
        while time.monotonic() - start < minutes * 60:
            stage = stages[number % len(stages)]
            try:
                ended[one_round(stage, random.Random(f"{seed}:{number}"))] += 1
            except AssertionError as found:
                wrong.append(f"seed {seed}, round {number}, {stage.place}: {found}")
            number += 1
            told = f"{number} replies, {sum(one.kills for one in stages)} kills, {len(wrong)} wrong"
            progress.update(task, completed=time.monotonic() - start, told=told)
        return ended, sum(stage.kills for stage in stages), wrong


def main() -> int:
    """Run, and print what the numbers allow one to say."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=1.0)
    asked.add_argument("--seed", type=int, default=7)
    given = asked.parse_args()
    ended, kills, wrong = torture(given.minutes, given.seed)
    rounds = sum(ended.values())
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"seed {given.seed}: {rounds + len(wrong)} approved replies, {kills} kills -9")
    print(", ".join(f"{count} {how}" for how, count in sorted(ended.items())))
    if not wrong and rounds:
        print(f"0 doubled, 0 lost: fewer than 1 in {rounds // 3} (95 %), against the town's faults")
    print(f"{rounds} passed, {len(wrong)} failed")
    return 1 if wrong or not rounds else 0


if __name__ == "__main__":
    sys.exit(main())

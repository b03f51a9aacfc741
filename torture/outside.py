"""Plays that leave something on a platform: a reply that goes out, one that is looked for, one that is taken down. Judged from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from storage.casebook.replies import LEASE
from torture import facts, scenes
from torture.judge import Finding, judge_replies
from torture.mishaps import befall_posting, befall_reading, befall_removing
from torture.stage import Stage
from torture.town import Town

OUTBOX = ("post", "look", "remove")
STARTS_IN_TROUBLE = 3
"""Starts after the death during which what happens "always" still happens."""
STARTS_IN_PEACE = 60
"""Undisturbed starts after which whatever is not settled counts as stuck."""

Strikes = Callable[[Town, str, int | None], None]


@dataclass(frozen=True, slots=True)
class Outside:
    """A play. `works`: what the start that is killed does; `strikes`: what a mishap of some name befalls there, so many times."""

    scene: Callable[[Stage], None]
    works: tuple[str, ...]
    strikes: Strikes | None
    take_down: bool = False


def left_behind(stage: Stage, *, sent: bool) -> None:
    """A process claimed the reply, sent it or not, and died. It is long enough ago to be looked for."""
    scenes.one_approved(stage)
    reply = stage.house.casebook.replies.claim(1, stage.now)
    assert reply is not None
    if sent:
        stage.house.publishers[reply.brand, reply.place].post(reply, stage.now)
    stage.pass_time(LEASE + stage.house.places[reply.place].capabilities.settle + timedelta(seconds=1))


def up_behind(stage: Stage) -> None:
    """It had gone out."""
    left_behind(stage, sent=True)


def lost_behind(stage: Stage) -> None:
    """It had not gone out."""
    left_behind(stage, sent=False)


def to_take_down(stage: Stage) -> None:
    """The answer is up, and Ana's wish to take it down is due."""
    scenes.one_up(stage)
    stage.house.casebook.removals.approve(1, "wrong shop", scenes.ANA, stage.now, hold=timedelta(0))
    stage.pass_time(timedelta(seconds=1))


OUTSIDE: Mapping[str, Outside] = {
    "post": Outside(scenes.one_approved, ("post",), befall_posting),
    "post, read": Outside(scenes.one_approved, ("post",), befall_reading),
    "look, up": Outside(up_behind, ("look",), befall_reading),
    "look, lost": Outside(lost_behind, ("look",), befall_reading),
    "remove": Outside(to_take_down, ("remove",), befall_removing, take_down=True),
}


def try_outside(
    stage: Stage, play: Outside, kill_at: int, again_at: int, mishap_name: str, *, always: bool
) -> tuple[list[Finding], bool]:
    """One trial on a stage whose scene has begun: what was wrong, and whether a person is told of what the machine gave up.

    `again_at` 0: there is no second death; `mishap_name` "": nothing else goes wrong.
    """
    said = {number: replace(one, take_down=play.take_down) for number, one in facts.read_said(stage).items()}
    if mishap_name and play.strikes is not None:
        play.strikes(stage.town, mishap_name, None if always else 1)
    stage.start(*play.works, kill_at=kill_at)
    if again_at or always:
        for number in range(STARTS_IN_TROUBLE if always else 1):
            wait(stage)
            stage.start(*OUTBOX, kill_at=again_at if number == 0 else 0)
    stage.town.calm()
    settle(stage)
    known = facts.read_known(stage)
    return judge_replies(facts.refresh(stage, said), facts.read_stands(stage), known), any(
        one.told for one in known.values()
    )


def wait(stage: Stage) -> bool:
    """Let time pass until the machine has something to do; False when it has nothing left to do."""
    due = facts.next_due(stage)
    if due is not None:
        stage.pass_time(max(due - stage.now, timedelta(0)) + timedelta(seconds=1))
    return due is not None


def settle(stage: Stage, works: Sequence[str] = OUTBOX, starts: int = STARTS_IN_PEACE) -> None:
    """Nothing goes wrong any more, until nothing is left to do."""
    for _ in range(starts):
        if not wait(stage):
            return
        stage.start(*works)

"""Plays that change our own base, or send a mail: whatever happens to them, in the end everything is as after an undisturbed run.

Whoever pressed a button looks whether it was done before pressing it again; due work finds by itself what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from torture import scenes
from torture.acts import ACTS
from torture.facts import read_stands
from torture.judge import Finding
from torture.mishaps import befall_reading
from torture.observed import Observed, observe, tell_difference
from torture.orders import Press
from torture.outside import OUTBOX, STARTS_IN_TROUBLE
from torture.postbox import Trouble
from torture.presses import BUTTONS, press_of
from torture.sites import KEY
from torture.stage import Stage

A_WHILE = timedelta(hours=1, minutes=40)
"""Longer than any source, digest or lease waits for its next try after a few failures."""
WHILES = 3

AT_LAST = ("accounts", "poll", "follow", "propose", *OUTBOX)


@dataclass(frozen=True, slots=True)
class Inside:
    """A play: what is done in the start that is killed, or which button is pressed in it. `everywhere`: played on every platform, with
    mishaps of reading; `mails`: with troubles of the mail server instead, and judged by the mails too."""

    scene: Callable[[Stage], None]
    works: tuple[str, ...] = ()
    button: str = ""
    everywhere: bool = False
    mails: bool = False
    afterwards: tuple[str, ...] = AT_LAST


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """How a run ends when nothing goes wrong: right after it was done, and a while later; the platform; and how many different mails."""

    done: Observed
    at_last: Observed
    stands: list[tuple[str | None, str, bool]]
    mails: int


def said_there(stage: Stage) -> None:
    """Three customers complained since the bakery opened here, and nobody has read it; one of them is seen late."""
    scenes.move_in(stage)
    for number in range(3):
        scenes.complain(stage, number)
        stage.pass_time(timedelta(seconds=30))


def went_on(stage: Stage) -> None:
    """The answer is up. Since then Cora wrote again, Dan edited what he wrote, Elena took hers back."""
    scenes.many_approved(stage, 3)
    stage.pass_time(3 * scenes.APART)
    scenes.work_through(stage, "post")
    town = stage.town
    ours = {post.parent_id: post for post in town.ours()}
    cora, dan, elena = (post for post in town.world.posts(town.place) if post.id in ours)
    town.world.publish(
        town.place, cora.author_id, f"@{KEY} and nobody has written to me since, terrible", parent_id=cora.id
    )
    town.world.edit(town.place, dan.id, f"{dan.text} And now it is mouldy, awful.")
    town.world.delete(town.place, elena.id)
    stage.pass_time(timedelta(minutes=10))


def complained_long_ago(stage: Stage) -> None:
    """Cora complained three days ago, before Amends was there; Ana wants one such complaint answered a day."""
    scenes.one_raised(stage, old=timedelta(days=3))
    stage.house.casebook.brands.answer_old_one_a_day(KEY, True, scenes.ANA, stage.now)


def taught(stage: Stage) -> None:
    """Three complained; Ana put one aside as praise, and answered another."""
    said_there(stage)
    scenes.work_through(stage, "accounts", "poll", "propose")
    stage.house.casebook.cases.dismiss(1, "praise", scenes.ANA, stage.now)
    stage.house.casebook.cases.already_answered(2, scenes.ANA, stage.now)


def was_ill(stage: Stage) -> None:
    """Two told that they fell ill: Cora's case was put aside a long time ago, Dan's is still open."""
    scenes.move_in(stage)
    for number in range(2):
        scenes.complain(stage, number, of="your cake gave me food poisoning, I was in hospital, terrible,")
        stage.pass_time(timedelta(seconds=30))
    scenes.work_through(stage, "accounts", "poll", "propose")
    stage.house.casebook.cases.dismiss(1, "solved", scenes.ANA, stage.now)
    stage.pass_time(stage.house.settings.filter.forget_health_after + timedelta(days=1))


def morning(stage: Stage) -> None:
    """Somebody waits, and it is past eight."""
    scenes.one_proposed(stage)


def blind(stage: Stage) -> None:
    """The platform has not been readable for an hour."""
    scenes.one_raised(stage)
    for _ in range(6):
        stage.pass_time(timedelta(minutes=10))
        befall_reading(stage.town, "error_before", None)
        scenes.work_through(stage, "poll")
        stage.town.calm()


def forgotten_once(stage: Stage) -> None:
    """Cora was forgotten."""
    scenes.one_raised(stage)
    ACTS["act: forget"](stage.house, stage.town.clock)


INSIDE: Mapping[str, Inside] = {
    "poll": Inside(said_there, ("accounts", "poll", "propose"), everywhere=True),
    "follow": Inside(went_on, ("follow", "propose"), everywhere=True),
    "again": Inside(scenes.one_raised, ("again",), afterwards=("again", *AT_LAST)),
    "learn": Inside(taught, ("learn",), afterwards=("learn", *AT_LAST)),
    "older": Inside(complained_long_ago, ("older", "propose"), afterwards=("older", *AT_LAST)),
    "forget": Inside(was_ill, ("forget",), afterwards=("forget", *AT_LAST)),
    "digest": Inside(morning, ("digest",), mails=True, afterwards=("digest",)),
    "alert": Inside(blind, ("alert",), mails=True, afterwards=("alert",)),
    **{name: Inside(scenes.one_held, (name,), afterwards=(name, *AT_LAST)) for name in ACTS},
    "act: look closer": Inside(scenes.one_raised, ("act: look closer",), afterwards=("act: look closer", *AT_LAST)),
    "act: forget again": Inside(forgotten_once, ("act: forget again",)),
    **{f"press {path}": Inside(scenes.ONE_CASE[one.scene], button=path) for path, one in BUTTONS.items()},
}


def run_undisturbed(stage: Stage, play: Inside) -> tuple[Undisturbed, int]:
    """The end that every trial of a play must come to, and the steps of its first start. The scene has begun."""
    ended = stage.start(*play.works, press=_press(stage, play))
    if ended.status >= 400:
        raise ValueError(f"{play.button} answered {ended.status}; what its form must hold is in torture/presses.py")
    done = observe(stage)
    _a_while_later(stage, play)
    return Undisturbed(done, observe(stage), _standing(stage), _mails(stage)), len(ended.steps)


def try_inside(
    stage: Stage, play: Inside, wanted: Undisturbed, kill_at: int, again_at: int, mishap_name: str, *, always: bool
) -> list[Finding]:
    """One trial on a stage whose scene has begun; see `try_outside`."""
    _trouble(stage, play, mishap_name, STARTS_IN_TROUBLE + 1 if always else 1)
    stage.start(*play.works, kill_at=kill_at, press=_press(stage, play))
    for number in range(STARTS_IN_TROUBLE if always else 1):
        _once_more(stage, play, wanted, again_at if number == 0 else 0)
    stage.town.calm()
    stage.postbox.troubles.clear()
    _once_more(stage, play, wanted, 0)
    _a_while_later(stage, play)
    return _judge(stage, wanted)


def _trouble(stage: Stage, play: Inside, name: str, starts: int) -> None:
    if name and play.mails:
        stage.postbox.troubles += [Trouble(name)] * starts
    elif name:
        befall_reading(stage.town, name, None if starts > 1 else 1)


def _press(stage: Stage, play: Inside) -> Press | None:
    """The press of the play's button, on the page as it is now."""
    return press_of(stage, play.button) if play.button else None


def _once_more(stage: Stage, play: Inside, wanted: Undisturbed, kill_at: int) -> None:
    """Whoever pressed sees whether it was done, and presses again if not; due work is looked for again at the next start."""
    if not play.button or tell_difference(observe(stage), wanted.done):
        stage.start(*play.works, kill_at=kill_at, press=_press(stage, play))


def _a_while_later(stage: Stage, play: Inside) -> None:
    for _ in range(WHILES):
        stage.pass_time(A_WHILE)
        stage.start(*play.afterwards)


def _judge(stage: Stage, wanted: Undisturbed) -> list[Finding]:
    findings = []
    if difference := tell_difference(observe(stage), wanted.at_last):
        findings.append(Finding("not_once", difference))
    if (now := _standing(stage)) != wanted.stands:
        what = "duplicates" if len(now) > len(wanted.stands) else "lost"
        findings.append(Finding(what, f"{now} stands there instead of {wanted.stands}"))
    if (mails := _mails(stage)) != wanted.mails:
        findings.append(
            Finding("duplicates" if mails > wanted.mails else "lost", f"{mails} mails instead of {wanted.mails}")
        )
    return findings


def _standing(stage: Stage) -> list[tuple[str | None, str, bool]]:
    return sorted((one.parent or "", one.text, one.down) for one in read_stands(stage))


def _mails(stage: Stage) -> int:
    """Mails with different Message-IDs; one that comes again under the same is the same mail."""
    return len({mail.message_id for mail in stage.postbox.mails})

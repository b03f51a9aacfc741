"""A chapter: many approved replies on one platform, a service that is killed at random again and again while everything goes wrong
that may, and then peace. Everything follows from a seed and the chapter's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from sandbox.mishaps import NAMES
from torture import facts, scenes
from torture.judge import judge_replies
from torture.mishaps import LAG, LATEST, QUICK, befall_posting, befall_reading
from torture.outcome import Outcome
from torture.outside import OUTBOX, STARTS_IN_PEACE, settle
from torture.people import People
from torture.stage import Stage

TROUBLED_WHEN_NAIVE, STARTS_WHEN_NAIVE = 16, 6
"""Starts in trouble, and in peace, that are enough to see what naive ways of posting do; they would never be done."""
LAGS = (timedelta(0), timedelta(0), LAG / 3, LAG)
SLOW_TOO = 0.15
"""How often mishaps may be chosen that cost the real time of a time-out."""
KILLS_EACH, STARTS_EACH = 2.5, 4.0
"""Kills, and starts, for each reply after which a chapter is left in peace."""
LAST_STEP, LAST_ON_LINE = 36, 12
"""Kills are spread evenly over this many steps from the start, of all steps or, every other time, of those of requests alone: a reply
and a half, where nothing goes wrong."""


def play(stage: Stage, seed: int, number: int, places: Sequence[str], works: Sequence[str] = OUTBOX) -> Outcome:
    """Chapter `number` of `seed`."""
    chance = Random(f"{seed}:{number}")  # noqa: S311 - it must be the same again
    place = places[number % len(places)]
    stage.ensure(place, f"{place}-many", scenes.many_approved)
    stage.warm_up(place, f"{place}-many", *works)
    stage.begin(place, f"{place}-many")
    stage.town.lag(chance.choice(LAGS))
    people = People(stage, facts.read_said(stage), chance)
    outcome, starts, kills = Outcome(f"{place} at random", cases=len(people.said)), stage.starts, stage.kills
    naive = works != OUTBOX
    _in_trouble(stage, people, outcome, works, TROUBLED_WHEN_NAIVE if naive else int(STARTS_EACH * len(people.said)))
    people.resume()
    settle(stage, works, STARTS_WHEN_NAIVE if naive else STARTS_IN_PEACE)
    known = facts.read_known(stage)
    found = people.findings + judge_replies(facts.refresh(stage, people.said), facts.read_stands(stage), known)
    outcome.findings = [(str(number), one) for one in found]
    outcome.unforeseen = [(str(number), one) for one in stage.unforeseen]
    outcome.parked = sum(known[one].told for one in people.said)
    outcome.starts, outcome.kills = stage.starts - starts, stage.kills - kills
    return outcome


def _in_trouble(stage: Stage, people: People, outcome: Outcome, works: Sequence[str], most_starts: int) -> None:
    kills, due, much = 0, facts.next_due(stage), len(people.said)
    for _ in range(most_starts):
        if kills >= KILLS_EACH * much or (due is None and not people.paused):
            break
        people.do_something()
        _go_wrong(stage, people.chance)
        on_line = people.chance.random() < 0.5
        kill_at = people.chance.randrange(1, (LAST_ON_LINE if on_line else LAST_STEP) + 1)
        ended = stage.start(*works, kill_at=kill_at, on_line=on_line)
        kills += ended.killed
        outcome.died_at[ended.died_at] += ended.killed
        stage.town.calm()
        due = facts.next_due(stage)
        _let_time_pass(stage, people.chance, due)
    stage.town.calm()


def _let_time_pass(stage: Stage, chance: Random, due: datetime | None) -> None:
    """Usually until there is something to do, sometimes less, sometimes much more."""
    if due is not None and chance.random() < 0.6:
        stage.pass_time(max(due - stage.now, timedelta(0)) + timedelta(seconds=chance.random()))
    else:
        stage.pass_time(timedelta(seconds=chance.choice((1, 1, 5, 20, 35, 95, 130, 320, 1000, 4000))))


def _go_wrong(stage: Stage, chance: Random) -> None:
    """Nothing, one or two things that go wrong during the next start."""
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        name = chance.choice(NAMES if chance.random() < SLOW_TOO else QUICK)
        times, skip = chance.choice((1, 1, 2, None)), chance.randrange(3)
        if chance.random() < 0.7:
            befall_posting(stage.town, name, times, skip, LATEST * chance.random())
        else:
            befall_reading(stage.town, name, times, skip)

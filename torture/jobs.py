"""Jobs: what a run is cut into, so that several hands can work on it and an interrupted run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from torture.groups import Group, groups
from torture.mishaps import SLOW
from torture.outside import OUTSIDE
from torture.processes import KILLS_EACH
from torture.tally import NAIVE_DOUBLES, NAIVE_LOSES, PROCESSES, RANDOM, SYSTEMATIC

SELF_CHECKS = 4
"""Chapters for each of the two naive ways of posting: one on each platform."""


@dataclass(frozen=True, slots=True)
class Job:
    """One chapter, one desk of real processes, or one group of trials (`every`: one of so many; `only`: the trial with a number)."""

    part: str
    number: int = 0
    group: Group | None = None
    every: int = 1
    only: int | None = None

    @property
    def name(self) -> str:
        """Different for every job of a run."""
        return f"{self.part}: {self.group.name if self.group else self.number}"

    def place(self, places: Sequence[str]) -> str:
        """The platform that it is played on; "" for a desk, which has them all."""
        if self.group is not None:
            return self.group.place
        return places[self.number % len(places)] if self.part != PROCESSES else ""

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Job:
        """Back from its line."""
        told = json.loads(line)
        return cls(**{**told, "group": Group(**told["group"]) if told["group"] else None})


def self_check() -> Iterator[Job]:
    """The self-check: quick, and first of all, so that a harness without teeth is not run for an hour."""
    for number in range(SELF_CHECKS):
        yield Job(NAIVE_DOUBLES, number)
        yield Job(NAIVE_LOSES, number)


def systematic(places: Sequence[str], *, thin: bool) -> Iterator[Job]:
    """Every group of trials; `thin`: only a sample of each, always the same one."""
    return (Job(SYSTEMATIC, group=group, every=_every(group) if thin else 1) for group in groups(places))


def _every(group: Group) -> int:
    """Posting is what this is about; inside, and reading above all, takes many steps, and a long look at what came of it."""
    reading, outside = group.play in ("poll", "follow"), group.play in OUTSIDE
    if group.again:
        return 6_400 if reading else 60 if outside else 800
    if not group.mishap:
        return 36 if reading else 2 if outside else 12
    if group.mishap in SLOW:
        return 800 if reading else 80
    return 720 if reading else 18 if outside else 60


def chapters(first: int = 0) -> Iterator[Job]:
    """Chapters without end."""
    number = first
    while True:
        yield Job(RANDOM, number)
        number += 1


def processes(kills: int) -> Iterator[Job]:
    """Desks with at least so many kills of real processes."""
    return (Job(PROCESSES, number) for number in range(-(-kills // KILLS_EACH)))


def job_of(recipe: str, places: Sequence[str]) -> Job:
    """The job of a recipe: a chapter's number, or a group's name with "#" and a number. Raises ValueError."""
    name, _, number = recipe.partition("#")
    if not number and name.isdecimal():
        return Job(RANDOM, int(name))
    if name == "process" and number.isdecimal():
        return Job(PROCESSES, int(number))
    found = next((group for group in groups(places) if group.name == name), None)
    if found is None or not number.isdecimal():
        raise ValueError(f"{recipe} is no recipe; one is a number, or the name of a group of trials, # and a number")
    return Job(SYSTEMATIC, group=found, only=int(number))

"""Trials of the systematic crash loop, in groups, by name and number, so that any of them can be had again alone.

A trial is one death of the service at one step of one play, with or without a mishap, and perhaps a second death while it recovers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from sandbox.mishaps import NAMES
from torture.inside import INSIDE
from torture.outside import OUTSIDE
from torture.postbox import Trouble


@dataclass(frozen=True, slots=True)
class Group:
    """Trials of one kind: a play on a platform, with a mishap ("" for none) that happens once or always. `again`: the service dies a
    second time while it recovers."""

    play: str
    place: str
    mishap: str = ""
    always: bool = False
    again: bool = False

    @property
    def name(self) -> str:
        """As recipes call it."""
        how = [self.mishap, "always" if self.always else "once"] if self.mishap else []
        return "/".join([self.place, self.play, *how, *(["again"] if self.again else [])])


@dataclass(frozen=True, slots=True)
class Trial:
    """One death: at step `kill_at` of the first start and, if not 0, at step `again_at` of the second."""

    number: int
    kill_at: int
    again_at: int = 0


def groups(places: Sequence[str]) -> list[Group]:
    """All there are, in a fixed order. What touches no platform is played on the first one alone."""
    found: list[Group] = []
    for place in places:
        for play, outside in OUTSIDE.items():
            found += _with_mishaps(play, place, NAMES if outside.strikes else ())
        for play, inside in INSIDE.items():
            if inside.everywhere:
                found += _with_mishaps(play, place, NAMES)
            elif place == places[0]:
                found += _with_mishaps(play, place, [str(one) for one in Trouble] if inside.mails else ())
    return found


def _with_mishaps(play: str, place: str, names: Sequence[str]) -> Iterator[Group]:
    yield Group(play, place)
    yield Group(play, place, again=True)
    for name in names:
        yield Group(play, place, name)
        yield Group(play, place, name, always=True)


def trials(group: Group, steps: int, again: int) -> Iterator[Trial]:
    """The trials of a group, numbered from 0: `steps` is how many the play takes, `again` how many the start after a death takes."""
    if not group.again:
        return (Trial(number, number + 1) for number in range(steps))
    pairs = ((first, second) for first in range(1, steps + 1) for second in range(1, again + 1))
    return (Trial(number, *pair) for number, pair in enumerate(pairs))


def thinned(group: Group, every: int, found: Iterator[Trial]) -> Iterator[Trial]:
    """One of `every` so many trials, beginning at another one in each group."""
    first = crc32(group.name.encode()) % every
    return (trial for trial in found if trial.number % every == first)

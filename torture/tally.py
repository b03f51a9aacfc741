"""What came of a whole run: numbers by part, everything that was wrong with the recipe that makes it happen again, and what that allows to say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torture.judge import WRONGS
from torture.outcome import Outcome

MOST_TOLD = 200
"""Recipes that are kept; more say nothing more."""

NOT_COUNTED_ELSEWHERE = tuple(one for one in WRONGS if one not in ("duplicates", "lost", "stuck"))


@dataclass(slots=True)
class Part:
    """One part of a run. `wrong` counts what the judge found, by name (see torture.judge); `terms` services that were asked to end."""

    kills: int = 0
    starts: int = 0
    cases: int = 0
    parked: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    terms: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was wrong."""
        return not +self.wrong

    def to_json(self) -> dict[str, Any]:
        """For the state file and the answer."""
        numbers = {"kills": self.kills, "starts": self.starts, "cases": self.cases, "parked": self.parked}
        numbers["terms"] = self.terms
        return numbers | {name: self.wrong[name] for name in WRONGS}

    @classmethod
    def from_json(cls, told: Mapping[str, int]) -> Part:
        """Back from that."""
        wrong = Counter({name: told[name] for name in WRONGS})
        return cls(told["kills"], told["starts"], told["cases"], told["parked"], wrong, told["terms"])


RANDOM, SYSTEMATIC, PROCESSES = "at random", "every step", "real processes"
NAIVE_DOUBLES, NAIVE_LOSES = "naive: doubles", "naive: loses"
NAIVE = (NAIVE_DOUBLES, NAIVE_LOSES)
"""Parts of the self-check: their numbers count for nothing but that something was found."""


@dataclass(slots=True)
class Tally:
    """All parts by name, in the order in which they were begun."""

    parts: dict[str, Part] = field(default_factory=dict)
    says: list[str] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)
    died_at: Counter[str] = field(default_factory=Counter)

    def add(self, part: str, outcome: Outcome) -> None:
        """One more outcome of a part."""
        whole = self.parts.setdefault(part, Part())
        whole.kills += outcome.kills
        whole.starts += outcome.starts
        whole.cases += outcome.cases
        whole.parked += outcome.parked
        whole.terms += outcome.terms
        whole.wrong.update(finding.what for _, finding in outcome.findings)
        if part in NAIVE:
            return
        self.died_at.update(outcome.died_at)
        self.says += [f"{one.what}: {recipe}: {one.says}" for recipe, one in outcome.findings]
        self.unforeseen += [f"{recipe}: {says}" for recipe, says in outcome.unforeseen]
        del self.says[MOST_TOLD:], self.unforeseen[MOST_TOLD:]

    def real(self) -> Iterable[Part]:
        """Every part but the self-check."""
        return (part for name, part in self.parts.items() if name not in NAIVE)

    def forked(self, name: str) -> int:
        """A number over the parts in which the service is forked."""
        return sum(getattr(self.parts[one], name) for one in (SYSTEMATIC, RANDOM) if one in self.parts)

    def sum(self, name: str) -> int:
        """A number (or a kind of wrong) over all real parts."""
        return sum(part.wrong[name] if name in WRONGS else getattr(part, name) for part in self.real())

    def naive(self, part: str, wrong: str) -> int:
        """What the self-check found."""
        return self.parts[part].wrong[wrong] if part in self.parts else 0

    @property
    def has_teeth(self) -> bool:
        """Whether the self-check found doubles and losses."""
        return self.naive(NAIVE_DOUBLES, "duplicates") > 0 and self.naive(NAIVE_LOSES, "lost") > 0

    @property
    def is_clean(self) -> bool:
        """Whether something ran, nothing at all was wrong, and nothing went wrong in a way that nobody foresaw."""
        return self.sum("cases") > 0 and not self.unforeseen and all(part.is_clean for part in self.real())

    def to_json(self) -> dict[str, Any]:
        """For the state file."""
        return {
            "parts": {name: part.to_json() for name, part in self.parts.items()},
            "says": self.says,
            "unforeseen": self.unforeseen,
            "died_at": dict(self.died_at),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Tally:
        """Back from that."""
        parts = {name: Part.from_json(part) for name, part in told["parts"].items()}
        return cls(parts, list(told["says"]), list(told["unforeseen"]), Counter(told["died_at"]))


def answer(tally: Tally, seed: int, database: str, seconds: float) -> str:
    """The run as one JSON object."""
    told: dict[str, Any] = {
        **{name: tally.sum(name) for name in ("kills", "cases", "duplicates", "lost", "stuck", "parked")},
        "naive_duplicates": tally.naive(NAIVE_DOUBLES, "duplicates"),
        "naive_lost": tally.naive(NAIVE_LOSES, "lost"),
        "seed": seed,
        **{name: tally.sum(name) for name in NOT_COUNTED_ELSEWHERE},
        "unforeseen": len(tally.unforeseen),
        "database": database,
        "seconds": round(seconds, 1),
        "parts": {name: part.to_json() for name, part in tally.parts.items()},
        "says": tally.says + tally.unforeseen,
    }
    return json.dumps(told, ensure_ascii=False, indent=2)

"""What came of one group of trials or of one chapter."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace

from torture.judge import Finding

Recipe = str


@dataclass(slots=True)
class Outcome:
    """`name` says of what. Each finding, and each error that nobody foresaw, comes with the recipe that makes it happen again.

    `starts` and `kills` of the service (`terms`: it was asked to end), `cases` that were judged, `parked` of them for a person.
    """

    name: str
    cases: int = 0
    starts: int = 0
    kills: int = 0
    parked: int = 0
    findings: list[tuple[Recipe, Finding]] = field(default_factory=list)
    unforeseen: list[tuple[Recipe, str]] = field(default_factory=list)
    died_at: Counter[str] = field(default_factory=Counter)
    terms: int = 0

    def to_line(self) -> str:
        """One line of JSON."""
        told = asdict(replace(self, died_at=Counter()))
        return json.dumps({**told, "died_at": dict(self.died_at)}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Outcome:
        """Back from its line."""
        told = json.loads(line)
        told["findings"] = [(recipe, Finding(**one)) for recipe, one in told["findings"]]
        told["unforeseen"] = [(recipe, one) for recipe, one in told["unforeseen"]]
        return cls(**{**told, "died_at": Counter(told["died_at"])})

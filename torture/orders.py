"""What the harness orders of its victim, and what it hears back: one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from torture.clock import TownClock


@dataclass(frozen=True, slots=True)
class Press:
    """A button pressed in the inbox: the path it posts to, what the form holds, and the session of who presses."""

    path: str
    form: tuple[tuple[str, str], ...]
    session: str


@dataclass(frozen=True, slots=True)
class Order:
    """One start of the victim: what it does one after the other, and at which step it dies (0: at none).

    `on_line`: only steps of requests and mails are counted. `at` is what time it is in the town. `learn`: whatever is loaded for it is
    kept for the starts that follow.
    """

    works: tuple[str, ...]
    kill_at: int
    at: datetime
    press: Press | None = None
    on_line: bool = False
    learn: bool = False

    @property
    def clock(self) -> TownClock:
        """A clock that begins at this time."""
        return TownClock(self.at)

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Order:
        """Back from its line."""
        told = json.loads(line)
        press = told["press"] and Press(
            told["press"]["path"],
            tuple((name, value) for name, value in told["press"]["form"]),
            told["press"]["session"],
        )
        return cls(**{**told, "works": tuple(told["works"]), "at": datetime.fromisoformat(told["at"]), "press": press})


@dataclass(frozen=True, slots=True)
class Ended:
    """How one start ended: killed or by itself, at which step it died, how many steps it took, what went wrong in a way that nobody
    foresaw, and the status of the page that answered a press."""

    killed: bool
    died_at: str = ""
    steps: Sequence[str] = ()
    unforeseen: Sequence[str] = ()
    status: int = 0

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Ended:
        """Back from its line."""
        told = json.loads(line)
        return cls(told["killed"], told["died_at"], tuple(told["steps"]), tuple(told["unforeseen"]), told["status"])

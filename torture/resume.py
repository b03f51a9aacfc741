"""The state of a run in a file, so that a run that was stopped can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torture.tally import Tally

VERSION = 2


class OtherRun(Exception):
    """The file is of another run, or of none. `why` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Run:
    """What a run is (its seed, kind of database and platforms), which of its jobs are done, and what came of them."""

    seed: int
    database: str
    places: tuple[str, ...]
    done: set[str] = field(default_factory=set)
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)

    def keep(self, path: Path) -> None:
        """Write it down; a kill in the middle leaves the file as it was."""
        told: dict[str, Any] = {
            "version": VERSION,
            "seed": self.seed,
            "database": self.database,
            "places": self.places,
            "seconds": self.seconds,
            "done": sorted(self.done),
            "tally": self.tally.to_json(),
        }
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(json.dumps(told), encoding="utf-8")
        os.replace(draft, path)


def take_up(path: Path | None, seed: int, database: str, places: Sequence[str]) -> Run:
    """The run of this file, or a new one where there is no file. Raises OtherRun."""
    wanted = Run(seed, database, tuple(places))
    if path is None or not path.exists():
        return wanted
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        known = (told["version"], told["seed"], told["database"], tuple(told["places"]))
        found = Run(*known[1:], set(told["done"]), told["seconds"], Tally.from_json(told["tally"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OtherRun(f"{path} does not hold a run that could go on: {error!r}") from error
    if known != (VERSION, seed, database, wanted.places):
        raise OtherRun(
            f"{path} is of another run: seed {told['seed']}, {told['database']}, {', '.join(told['places'])}"
        )
    return found

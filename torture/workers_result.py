"""What came of killing workers, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

WORKERS = 3


@dataclass(frozen=True, slots=True)
class WorkersResult:
    """What came of it. `longest_gap` seconds in which `longest_at` was not read; `found` counts what the judge calls wrong."""

    seed: int
    minutes: float
    kills: int
    jobs_lost: int
    polls: int
    overlapping: int
    longest_gap: float
    longest_at: str
    complaints: int
    wanted: int
    refused_clicks: int
    posted: int
    parked: int
    reconciled: int
    found: dict[str, int]
    says: tuple[str, ...]
    mistakes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was doubled, lost or left stuck, and no source was read by two at once."""
        return not self.found and not self.overlapping and not self.mistakes and self.wanted > 0


def table_of(result: WorkersResult) -> Table:
    """The result for people."""
    table = Table("what", "figure", box=None, pad_edge=False)
    found = result.found
    rows = {
        "minutes": f"{result.minutes:g}, seed {result.seed}",
        "workers": f"{WORKERS}, and another for each that was killed",
        "kills (SIGKILL)": result.kills,
        "waiting jobs taken away": result.jobs_lost,
        "polls": result.polls,
        "overlapping polls": result.overlapping,
        "longest gap between polls of a source": f"{result.longest_gap:.1f} s ({result.longest_at})",
        "complaints": result.complaints,
        "complaints not taken in exactly once": found.get("not_once", 0),
        "replies wanted, each pressed twice": result.wanted,
        "second presses refused": result.refused_clicks,
        "posted": result.posted,
        "cut off and cleared up later": result.reconciled,
        "doubled": found.get("duplicates", 0),
        "lost": found.get("lost", 0),
        "parked for a person": result.parked,
        "left stuck": found.get("stuck", 0),
    }
    others = {what: much for what, much in found.items() if what not in ("not_once", "duplicates", "lost", "stuck")}
    for what, figure in {**rows, **others}.items():
        table.add_row(what, str(figure))
    return table

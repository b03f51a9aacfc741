"""The table at the end, for people."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from torture.judge import WRONGS
from torture.mishaps import LAG, LATEST
from torture.model import FAULT_MODEL, PROMISES
from torture.resume import Run
from torture.tally import NAIVE, NAIVE_DOUBLES, NAIVE_LOSES, NOT_COUNTED_ELSEWHERE, PROCESSES, Part, Tally

COLUMNS = ("kills", "cases", "duplicates", "lost", "stuck", "other", "parked")
CAPTION = "other: anything else that is wrong. parked: waits for a person, who is told."


def show(console: Console, run: Run) -> None:
    """The numbers, what was wrong, and what may be said."""
    console.print(_table(run.tally))
    for line in (*run.tally.says, *run.tally.unforeseen):
        console.print(f"WRONG: {line}", style="red", markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"  again: amends-torture --seed {run.seed} --only '{_recipe(line)}'", markup=False, highlight=False
        )
    for paragraph in tell(run):
        console.print(paragraph, markup=False, highlight=False)


def _recipe(line: str) -> str:
    parts = line.split(": ")
    return parts[1] if parts[0] in WRONGS else parts[0]


def _table(tally: Tally) -> Table:
    table = Table(box=SIMPLE, caption=CAPTION, caption_justify="left", padding=(0, 1))
    table.add_column("")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    real = {name: part for name, part in tally.parts.items() if name not in NAIVE}
    for name, part in real.items():
        table.add_row(name, *_numbers(part))
    if len(real) > 1:
        table.add_section()
        table.add_row("together", *_numbers(_together(list(real.values()))))
    table.add_section()
    for name in NAIVE:
        if name in tally.parts:
            table.add_row(name, *_numbers(tally.parts[name]), style="dim")
    return table


def _numbers(part: Part) -> list[str]:
    other = sum(part.wrong[name] for name in NOT_COUNTED_ELSEWHERE)
    told = (
        part.kills,
        part.cases,
        part.wrong["duplicates"],
        part.wrong["lost"],
        part.wrong["stuck"],
        other,
        part.parked,
    )
    return [f"{number:,}" for number in told]


def _together(parts: list[Part]) -> Part:
    whole = Part()
    for part in parts:
        whole.kills += part.kills
        whole.starts += part.starts
        whole.cases += part.cases
        whole.parked += part.parked
        whole.terms += part.terms
        whole.wrong.update(part.wrong)
    return whole


def tell(run: Run) -> list[str]:
    """What the numbers allow to say, and against what."""
    tally, cases = run.tally, run.tally.sum("cases")
    said = [f"Seed {run.seed}, {run.seconds:,.0f} s."]
    if tally.is_clean:
        said.append(
            f"Nothing doubled, lost or stuck in {cases:,} cases: fewer than 1 in {max(1, cases // 3):,} (3/n, 95 %)."
        )
    if real := tally.parts.get(PROCESSES):
        said.append(
            f"Of the kills {real.kills:,} were of the installed command in processes of its own; another {real.terms:,} times it was asked "
            "to end (SIGTERM)."
        )
    if any(name in tally.parts for name in NAIVE):
        doubles, losses = tally.naive(NAIVE_DOUBLES, "duplicates"), tally.naive(NAIVE_LOSES, "lost")
        said.append(f"Self-check: posting naively doubled {doubles:,} and lost {losses:,}.")
        if not tally.has_teeth:
            said.append("THE HARNESS HAS NO TEETH: it did not find what is wrong on purpose.")
    about = {
        "latest": int(LATEST.total_seconds()),
        "lag": int(LAG.total_seconds()),
        "places": "; ".join(PROMISES.get(place, place) for place in run.places),
        "database": run.database,
    }
    return [" ".join(said), *(paragraph.format(**about) for paragraph in FAULT_MODEL)]

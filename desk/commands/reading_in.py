"""`import` and `try`: texts from a file, kept or only looked at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, WhichBrand, choose_brand, opened
from desk.errors import Trouble

if TYPE_CHECKING:
    from monitor.imports import RefusedRow
    from storage.words import Brand, Post

NAMED = 20
"""So many refused rows are named; more are counted."""

File = Annotated[
    Path,
    typer.Argument(
        help="CSV, TSV or JSON lines with a column text; id, author, date, lang, rating and place are read too."
    ),
]


def import_file(
    file: File,
    config: Config = DEFAULT,
    brand: WhichBrand = "",
    place: Annotated[
        str, typer.Option("--place", help="The site the rows come from, when they do not say it themselves.")
    ] = "import",
    store_only: Annotated[bool, typer.Option("--store-only", help="Keep the rows, but raise no case.")] = False,
) -> None:
    """Take mentions in from a file. Rows that were taken in before are left alone."""
    from rich.console import Console
    from rich.progress import Progress

    from desk.importing import import_rows

    check_file(file)
    errors = Console(stderr=True)
    with opened(config) as house:
        chosen = choose_brand(house, brand)
        with Progress(console=errors, transient=True) as progress:
            bar = progress.add_task(f"Reading {file.name}", total=None)
            done = import_rows(
                house, file, chosen, place, store_only, told=lambda rows: progress.update(bar, completed=rows)
            )
    for refused in done.refused[:NAMED]:
        _name_refused(refused)
    if len(done.refused) > NAMED:
        typer.echo(f"… and {len(done.refused) - NAMED} more rows refused.", err=True)
    changed = done.rows - done.found - done.repeats - len(done.refused) - done.unreadable
    typer.echo(
        f"{_count(done.rows, 'row')} in {done.seconds:.1f} s: {done.found} new, {done.repeats} known already, "
        f"{f'{changed} known with another text, ' if changed > 0 else ''}"
        f"{len(done.refused)} refused, {done.unreadable} unreadable; {_count(done.raised, 'case')} raised, "
        f"{_count(done.old, 'older complaint')} kept aside."
    )
    if done.rows == len(done.refused):
        raise typer.Exit(1)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def try_file(
    file: File,
    config: Config = DEFAULT,
    brand: WhichBrand = "",
    limit: Annotated[int, typer.Option("--limit", help="Read at most so many rows.", min=1)] = 20,
) -> None:
    """Show what the filter and the proposals make of the texts in a file. Nothing is stored and nothing is sent."""
    from desk.clock import utc_now
    from monitor.imports import RefusedRow, read_rows

    check_file(file)
    chosen = _brand_to_try(config, brand)
    for row in islice(_rows(read_rows(file, utc_now())), limit):
        if isinstance(row, RefusedRow):
            _name_refused(row)
        else:
            _try_one(row, chosen)


def check_file(file: Path) -> None:
    """Refuse what cannot be read. Raises Trouble."""
    if not file.is_file():
        raise Trouble(f"There is no file {file}.")
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {(error.strerror or str(error)).lower()}.") from error


def _rows(rows: Iterator[Post | RefusedRow]) -> Iterator[Post | RefusedRow]:
    """The rows, with what is wrong with the whole file told as a person's trouble."""
    try:
        yield from rows
    except ValueError as error:
        raise Trouble(str(error)) from error


def _name_refused(refused: RefusedRow) -> None:
    from desk.logs import escape

    typer.echo(f"row {refused.row} refused: {escape(refused.why)}", err=True)


def _brand_to_try(config: Path, key: str) -> Brand:
    """The brand of the config file, or a nameless one where there is no file: trying asks for no set-up."""
    from desk.commands.opening import read_config
    from storage.words import Brand

    if not config.exists() and not key:
        return Brand(key="try", name="Our shop")
    brands = {section.key: section.to_brand() for section in read_config(config, quiet=True).brand}
    if key and key not in brands:
        raise Trouble(f'There is no brand "{key}" in {config}. Known: {", ".join(sorted(brands)) or "none"}.')
    return brands[key] if key else next(iter(brands.values()), Brand(key="try", name="Our shop"))


def _try_one(post: Post, brand: Brand) -> None:
    from desk.logs import escape
    from desk.trying import propose_for
    from monitor.filter import judge

    verdict = judge(post, brand)
    typer.echo(f"\n{escape(post.text)}")
    typer.echo(
        f"  {verdict.kind} ({verdict.probability:.0%}), {verdict.language}, {verdict.topic}, urgency {verdict.urgency}"
    )
    for reason in verdict.reasons:
        typer.echo(f"  because: {escape(reason.says)}")
    for number, draft in enumerate(propose_for(post, verdict, brand), start=1):
        typer.echo(f"  proposal {number}: {escape(draft.text)}")
        for finding in draft.findings:
            typer.echo(f"    {'must change' if finding.blocks else 'better'}: {finding.says}")

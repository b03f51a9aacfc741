"""`figures`: the README's figures, from a command that prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk.commands.reading_in import check_file


def figures(
    file: Annotated[Path, typer.Argument(help="A file as for import.")],
    visits: Annotated[int, typer.Option("--visits", help="How often the inbox is asked for.", min=1, max=10_000)] = 200,
) -> None:
    """Import a file into an empty database and measure the inbox, both thrown away afterwards."""
    from desk.figures import measure

    check_file(file)
    for name, value in measure(file, visits):
        typer.echo(f"| {name} | {value} |")

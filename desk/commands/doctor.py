"""`doctor`: what works, what does not, and what to do about it."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from desk.commands.opening import DEFAULT, Config


def doctor(config: Config = DEFAULT) -> None:
    """Look at everything the service needs, with real requests, and say what to do where something is amiss."""
    from desk.health import examine

    failed = False
    for state in examine(Path(config), os.environ):
        failed = failed or state.works is False
        mark = {True: "ok  ", False: "FAIL", None: "-   "}[state.works]
        typer.echo(f"{mark} {state.what}: {state.says}")
    if failed:
        raise typer.Exit(1)

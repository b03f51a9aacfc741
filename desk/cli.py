"""`amends`: the command line. What a command needs is imported when it is typed, so that the quick ones stay quick."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from desk.commands import (
    checking,
    configuring,
    doctor,
    evaluating,
    filtering,
    forgetting,
    keeping,
    measuring,
    people,
    reading_in,
    running,
    setting_up,
    telling,
)
from desk.errors import Trouble

UNEXPECTED = 70
"""EX_SOFTWARE of sysexits.h: a mistake of ours, not of the person who typed."""
INTERRUPTED = 130
"""What shells give for a command ended by Ctrl-C."""

app = typer.Typer(
    name="amends",
    help="Hears complaints about a small business, proposes a public apology, and follows each case until it is made good.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Amends {version('amends')}")
        raise typer.Exit


@app.callback()
def amends(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Hears complaints about a small business, proposes a public apology, and follows each case until it is made good."""
    del show_version


app.command("init")(setting_up.init)
app.command("doctor")(doctor.doctor)
app.command("run")(running.run)
app.command("demo")(running.demo)
app.command("poll")(running.poll)
app.command("pause")(running.pause)
app.command("resume")(running.resume)
app.command("import")(reading_in.import_file)
app.command("try")(reading_in.try_file)
app.command("cases")(telling.cases)
app.command("digest")(telling.digest)
app.command("forget")(forgetting.forget)
app.command("check")(checking.check)
app.command("evaluate")(evaluating.evaluate)
app.add_typer(filtering.app, name="filter")
app.command("figures")(measuring.figures)
app.add_typer(configuring.app, name="config")
app.command("person")(people.person)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("verify")(keeping.verify)
app.command("migrate")(setting_up.migrate)


def main() -> None:
    """The console script: every failure is one clear line on standard error, and an exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    try:
        code = app(args=arguments, prog_name="amends", standalone_mode=False)
    except Trouble as trouble:
        return _fail(str(trouble), trouble.exit_code)
    except typer.TyperException as mistake:
        if not mistake.format_message():  # nothing was typed, and the help has been shown
            return mistake.exit_code
        return _fail(f"{mistake.format_message()} (amends --help lists the commands)", mistake.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives until the end of the process
        return 0
    except Exception as error:
        if why := _base_unavailable(error):
            return _fail(why, Trouble.exit_code)
        if os.environ.get("AMENDS_TRACEBACK") == "1":
            raise
        kind, says = type(error).__name__, str(error).partition("\n")[0]
        return _fail(f"A mistake in Amends itself: {kind}: {says}. AMENDS_TRACEBACK=1 shows where.", UNEXPECTED)
    return int(code or 0)


def _base_unavailable(error: Exception) -> str | None:
    """What the database's refusal means, if it was one. Its room is slow to import, and is there already when it raises."""
    engine = sys.modules.get("storage.engine")
    return error.why if engine and isinstance(error, engine.BaseUnavailable) else None


def _fail(says: str, code: int) -> int:
    from desk.logs import escape

    for line in says.splitlines():
        typer.echo(f"amends: {escape(line)}", err=True)
    return code

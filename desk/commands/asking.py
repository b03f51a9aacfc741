"""Questions on the command line: asked again until the answer will do, so that one slip does not cost the answers before it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

import typer

from desk.errors import Trouble

OWNER_PASSWORD = "OWNER_PASSWORD"  # noqa: S105 - the name of a secret, not a secret
WORDS = 4


def ask(question: str, default: str, check: Callable[[str], str], *, yes: bool) -> str:
    """The answer as `check` gives it back; `yes` takes the default. Raises Trouble when the default will not do."""
    while not yes:
        try:
            return check(str(typer.prompt(question, default=default)).strip())
        except Trouble as trouble:
            typer.echo(str(trouble), err=True)
    return check(default)


def checked_email(address: str) -> str:
    """A plain mail address. Raises Trouble."""
    from desk.checks import check_email

    try:
        return check_email(address)
    except ValueError as error:
        raise Trouble(f'"{address}" is {error}') from error


def checked_database(written: str) -> str:
    """Where everything is to be kept: as typed, else where the environment says, without its password, else a file. Raises Trouble."""
    from desk.database import check_database, find_address, without_password

    try:
        given = check_database(written) if written else find_address(os.environ)
    except ValueError as error:
        raise Trouble(f"--database: {error}.".replace("this file", "the config file")) from error
    return without_password(given) if given and not written else given or "amends.sqlite"


def choose_password(yes: bool) -> tuple[str, bool]:
    """A new password, and whether we made it up and must tell it. Raises Trouble when the one in the environment will not do."""
    from desk.secret import find_secret
    from desk.web.passwords import SHORTEST, find_fault

    given = find_secret(OWNER_PASSWORD, os.environ)
    if given is None and yes:
        return "-".join(secrets.token_hex(3) for _ in range(WORDS)), True
    while given is None:
        typed = typer.prompt(
            f"A password (at least {SHORTEST} characters)", hide_input=True, confirmation_prompt="The same again"
        )
        if fault := find_fault(typed):
            typer.echo(f"That password will not do. {fault}", err=True)
        else:
            given = typed
    if fault := find_fault(given):
        raise Trouble(f"That password will not do. {fault}")
    return given, False

"""`init` and `migrate`: from nothing to a config file, a database and an owner."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, in_zone, read_config
from desk.errors import Trouble

if TYPE_CHECKING:
    from storage.casebook import Casebook

OWNER_PASSWORD = "OWNER_PASSWORD"  # noqa: S105 - the name of a secret, not a secret
WORDS = 4


def init(
    config: Config = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take the options and the defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing config file.")] = False,
    brand: Annotated[str, typer.Option("--brand", help="What customers call the business.")] = "",
    email: Annotated[str, typer.Option("--email", help="The owner's mail address.")] = "",
    name: Annotated[str, typer.Option("--name", help="The owner's name; the first name signs replies.")] = "",
    zone: Annotated[str, typer.Option("--time-zone", help='The shop\'s clock, such as "Europe/Bucharest".')] = "",
) -> None:
    """Ask a few questions, write a config file and create the owner's account."""
    from desk.checks import check_email
    from desk.first_config import Answers, guess_zone, write_first_config
    from desk.wiring import open_house

    if config.exists() and not force:
        raise Trouble(f"{config} is there already. Change it with an editor, or write it anew with --force.")
    answers = Answers(
        brand=brand or _ask("What do customers call your business?", "My shop", yes),
        zone=in_zone(zone or _ask("Which time zone is it in?", guess_zone(), yes)),
        email=_checked_email(email or _ask("Your mail address?", "owner@example.com", yes), check_email),
        name=name or _ask("Your first name, which signs the replies?", "Owner", yes),
    )
    password, told = _choose_password(yes)
    write_first_config(config, answers)
    house = open_house(read_config(config, quiet=True))
    try:
        _add_owner(house.casebook, answers.email, answers.name, password)
    finally:
        house.close()
    typer.echo(f"Written: {config}. Everything in it is explained there; add your sites when you have their keys.")
    typer.echo(f"Owner's account: {answers.email}" + (f", password: {password}" if told else ""))
    typer.echo("Next: amends doctor, then amends run")


def migrate(config: Config = DEFAULT) -> None:
    """Bring the database to this version's shape. Copy it to a safe place first."""
    from desk.secret import open_key
    from storage.migrate import is_current, upgrade

    settings = read_config(config, quiet=True)
    if not settings.database_path.parent.is_dir():
        raise Trouble(f"The folder {settings.database_path.parent} for the database is missing. Make it first.")
    if not settings.database_path.exists():
        open_key(settings.key_path)
    if settings.database_path.exists() and is_current(settings.database_url):
        typer.echo(f"{settings.database_path} is up to date.")
        return
    upgrade(settings.database_url)
    typer.echo(f"{settings.database_path} is now of this version.")


def _ask(question: str, default: str, yes: bool) -> str:
    return default if yes else str(typer.prompt(question, default=default)).strip()


def _checked_email(address: str, check: object) -> str:
    try:
        return str(check(address))  # type: ignore[operator]
    except ValueError as error:
        raise Trouble(f'"{address}" is {error}') from error


def _choose_password(yes: bool) -> tuple[str, bool]:
    """The owner's password, and whether we made it up and must tell it."""
    from desk.secret import find_secret
    from desk.web.passwords import SHORTEST, find_fault

    password = find_secret(OWNER_PASSWORD, os.environ)
    made_up = password is None and yes
    if made_up:
        return "-".join(secrets.token_hex(3) for _ in range(WORDS)), True
    if password is None:
        password = typer.prompt(
            f"A password (at least {SHORTEST} characters)", hide_input=True, confirmation_prompt="The same again"
        )
    if fault := find_fault(password):
        raise Trouble(f"That password will not do. {fault}")
    return password, False


def _add_owner(casebook: Casebook, email: str, name: str, password: str) -> None:
    from desk.clock import utc_now
    from desk.web.passwords import hash_password

    known = casebook.people.by_email(email)
    if known:
        casebook.people.set_password(known.id, hash_password(password))
    else:
        casebook.people.add(email, name, "owner", hash_password(password), utc_now())

"""`init` and `migrate`: from nothing to a config file, a database and an owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.asking import ask, checked_database, checked_email, choose_password
from desk.commands.opening import DEFAULT, Config, in_zone, read_config
from desk.errors import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from desk.config import Settings
    from storage.casebook import Casebook


def init(
    config: Config = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take the options and the defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing config file.")] = False,
    brand: Annotated[str, typer.Option("--brand", help="What customers call the business.")] = "",
    email: Annotated[str, typer.Option("--email", help="The owner's mail address.")] = "",
    name: Annotated[str, typer.Option("--name", help="The owner's name; the first name signs replies.")] = "",
    zone: Annotated[str, typer.Option("--time-zone", help='The shop\'s clock, such as "Europe/Bucharest".')] = "",
    database: Annotated[
        str,
        typer.Option(
            "--database", help="A file, or a PostgreSQL server's address. Without it: a file beside the config file."
        ),
    ] = "",
) -> None:
    """Ask a few questions, write a config file and create the owner's account."""
    from desk.first_config import Answers, guess_zone, write_first_config
    from desk.wiring import open_house

    if config.exists() and not force:
        raise Trouble(f"{config} is there already. Change it with an editor, or write it anew with --force.")
    answers = Answers(
        brand=brand or ask("What do customers call your business?", "My shop", str, yes=yes),
        zone=in_zone(zone) if zone else ask("Which time zone is it in?", guess_zone(), in_zone, yes=yes),
        email=checked_email(email) if email else ask("Your mail address?", "owner@example.com", checked_email, yes=yes),
        name=name or ask("Your first name, which signs the replies?", "Owner", str, yes=yes),
        database=checked_database(database),
    )
    password, told = choose_password(yes)
    write_first_config(config, answers)
    house = open_house(read_config(config, quiet=True))
    try:
        _add_owner(house.casebook, answers.email, answers.name, password)
    finally:
        house.close()
    typer.echo(f"Written: {config}. Everything in it is explained there; add your sites when you have their keys.")
    typer.echo(f"Owner's account: {answers.email}" + (f", password: {password}" if told else ""))
    typer.echo("Next: amends doctor, then amends run")


def migrate(
    config: Config = DEFAULT,
    copy: Annotated[bool, typer.Option("--copy/--no-copy", help="Make a verified copy of a file first.")] = True,
) -> None:
    """Bring the database to this version's shape. A file is copied first; of a database on a server, make a backup yourself."""
    from desk.opening import is_new
    from desk.secret import open_key
    from storage.migrate import TooNew, upgrade, version_of

    settings = read_config(config, quiet=True)
    if is_new(settings):
        open_key(settings.key_path)
    else:
        version = version_of(settings.database_url)
        if version.is_newer:
            raise TooNew(version)
        if version.is_current:
            typer.echo(f"{settings.database_name} is up to date.")
            return
        if copy and not settings.on_server:
            typer.echo(f"A copy of it as it was: {_copied(settings, version.newest)}")
    upgrade(settings.database_url)
    typer.echo(f"{settings.database_name} is now of this version.")


def _copied(settings: Settings, version: str) -> Path:
    from desk.clock import utc_now
    from desk.keeping import copy_key, default_target, own_key
    from storage.keeping import NotKept, back_up

    now = utc_now()
    target = default_target(settings, now, f"before-{version}-")
    try:
        back_up(settings.database_path, target, own_key(settings), now)
    except NotKept as refused:
        raise Trouble(f"{refused.why} Nothing was migrated; to do it without a copy, say --no-copy.") from refused
    copy_key(settings, target)
    return target


def _add_owner(casebook: Casebook, email: str, name: str, password: str) -> None:
    from desk.clock import utc_now
    from desk.web.passwords import hash_password

    known = casebook.people.by_email(email)
    if known:
        casebook.people.set_password(known.id, hash_password(password))
    else:
        casebook.people.add(email, name, "owner", hash_password(password), utc_now())

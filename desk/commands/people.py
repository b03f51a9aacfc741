"""`person`: who may sign in, and a new password for somebody who forgot theirs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from desk.commands.asking import checked_email, choose_password
from desk.commands.opening import DEFAULT, Config, opened
from desk.errors import Trouble


class Role(StrEnum):
    """What somebody may do."""

    OWNER = "owner"
    MEMBER = "member"
    VIEWER = "viewer"


def person(
    email: Annotated[str, typer.Argument(help="The address they sign in with.", metavar="EMAIL")],
    config: Config = DEFAULT,
    name: Annotated[
        str, typer.Option("--name", help="The name of somebody new; the first name signs their replies.")
    ] = "",
    role: Annotated[
        Role | None,
        typer.Option(
            "--role", help="owner: may do everything; member: answers customers; viewer: may look.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; make a password up and tell it.")] = False,
) -> None:
    """Let somebody sign in, or give them a new password, which ends their other sign-ins."""
    from desk.clock import utc_now
    from desk.web.passwords import hash_password

    address = checked_email(email).lower()
    with opened(config) as house:
        people = house.casebook.people
        known = people.by_email(address)
        if known is None and not name:
            raise Trouble(f"Nobody signs in as {address} yet. To let them in, add their name: --name Ben")
        password, told = choose_password(yes)
        if known is None:
            as_what = role or (Role.MEMBER if people.all() else Role.OWNER)
            people.add(address, name, as_what.value, hash_password(password), utc_now())
            typer.echo(f"{name} may sign in as {address} now ({as_what.value}).")
        else:
            people.set_password(known.id, hash_password(password))
            if role:
                people.set_role(known.id, role.value)
            typer.echo(f"{known.name} has a new password; other sign-ins have ended.")
    if told:
        typer.echo(f"Password: {password}")

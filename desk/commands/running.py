"""`run`, `demo`, `poll`, `pause` and `resume`: the service, and the switches beside it."""

from __future__ import annotations

import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, choose_brand, opened, read_config
from desk.errors import Trouble

if TYPE_CHECKING:
    from desk.config import Settings
    from desk.wiring import House

PORT = 8420
TOWN_PORTS = 3


class Role(StrEnum):
    """What a process does. Here for `--help`, which must not wait for the rooms behind it."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


def run(
    config: Config = DEFAULT,
    port: Annotated[
        int | None, typer.Option("--port", help="Listen on this port instead of the config file's.", min=1, max=65535)
    ] = None,
    role: Annotated[
        Role,
        typer.Option(
            "--role",
            help="With a database on a server: web serves pages only, worker works only, and any number of both may run, on any machines.",
        ),
    ] = Role.ALL,
) -> None:
    """Run the service: poll, propose, post what was approved, and serve the inbox. Ctrl-C ends it."""
    settings = read_config(config)
    if role is not Role.ALL and not settings.on_server:
        raise Trouble(
            f"--role {role.value} needs a database on a server, where other processes or machines do the rest. "
            "With a file one service does everything: amends run"
        )
    if role is Role.WORKER:
        _work(settings, config)
    else:
        _serve(settings.listening_on(port) if port else settings, config, role)
    end_process()


def _serve(settings: Settings, config: Path, role: Role) -> None:
    from desk.config import is_loopback
    from desk.port import take_port

    if not is_loopback(settings.service.host) and not settings.service.address.startswith("https://"):
        raise Trouble(
            f'host = "{settings.service.host}" lets others in, and passwords would travel in the clear. '
            'Put a web server with https in front and set address = "https://…", or use host = "127.0.0.1".'
        )
    listening = take_port(settings.service.host, settings.service.port, f"amends run --port, or port in {config}")

    from desk.service import Service

    house = _open_ready(settings, config)
    begun = f"Amends is running: {settings.service.base_url}/  (Ctrl-C ends it)"
    Service(house, lambda: typer.echo(begun), works=role is Role.ALL).run(listening)


def _work(settings: Settings, config: Path) -> None:
    from desk.works import choose_works, work_until_told

    house = _open_ready(settings, config)
    work_until_told(
        house, choose_works(house), lambda: typer.echo("Amends is working, without pages.  (Ctrl-C ends it)")
    )


def _open_ready(settings: Settings, config: Path) -> House:
    from desk.warming import warm_up_meanwhile
    from desk.wiring import open_house

    house = open_house(settings)
    if not house.brands:
        raise Trouble(f"No brand to listen for: add a [[brand]] to {config}.")
    house.check_ready()
    warm_up_meanwhile(house)
    return house


def end_process(code: int = 0) -> None:
    """End now. A site may keep a thread of ours waiting, and Python would wait with it; what is cut off is found at the next start."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def demo(
    port: Annotated[
        int, typer.Option("--port", help="The inbox's port; the town takes the three after it.", min=1, max=65532)
    ] = PORT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the last visit and begin anew.")] = False,
    folder: Annotated[Path, typer.Option("--state", help="Where the demo keeps its things.", metavar="FOLDER")] = Path(
        ".demo"
    ),
) -> None:
    """Show everything in a practice town on this computer. Nothing reaches real people."""
    from desk.port import take_first

    typer.echo("Amends demo: a practice town on this computer. Nothing reaches real people.")
    listening = take_first(
        "127.0.0.1", port, TOWN_PORTS, "make demo PORT=8500 (the town needs the three ports after it)"
    )

    from desk.demo import show_demo

    show_demo(folder, listening, fresh=fresh)
    end_process()


def poll(config: Config = DEFAULT) -> None:
    """Read every site once, now, and say what came."""
    from desk.clock import utc_now
    from desk.wiring import learn_accounts
    from desk.work import poll as poll_due

    with opened(config) as house:
        if not house.sources:
            raise Trouble("No site can be read yet. amends doctor says what is missing.")
        learn_accounts(house, utc_now())
        before = house.reading.counts(now=utc_now())
        house.casebook.sources.poll_now(utc_now())
        poll_due(house, utc_now())
        after = house.reading.counts(now=utc_now())
        states = [state for state in house.casebook.sources.all() if state.key in house.sources]
        for state in states:
            typer.echo(f"{state.key}: {state.last_error or 'read'}")
        new_cases = sum(after.cases.values()) - sum(before.cases.values())
        typer.echo(f"{after.mentions - before.mentions} new mentions, {new_cases} new cases.")
        if any(state.last_error for state in states):
            raise typer.Exit(1)


def pause(
    config: Config = DEFAULT,
    brand: Annotated[str, typer.Option("--brand", "-b", help="Only this brand. Without it: all.", metavar="KEY")] = "",
) -> None:
    """Stop posting at once: nothing goes out until `amends resume`."""
    from desk.clock import utc_now

    with opened(config) as house:
        scope = choose_brand(house, brand).key if brand else "*"
        house.casebook.pauses.pause(scope, "command", utc_now())
    typer.echo(f"Posting is paused for {brand or 'all brands'}. Go on with: amends resume")


def resume(
    config: Config = DEFAULT,
    brand: Annotated[str, typer.Option("--brand", "-b", help="Only this brand. Without it: all.", metavar="KEY")] = "",
) -> None:
    """Post again what was approved."""
    from desk.clock import utc_now

    with opened(config) as house:
        scope = choose_brand(house, brand).key if brand else "*"
        house.casebook.pauses.resume(scope, "command", utc_now())
        still = bool(brand) and house.casebook.pauses.paused(brand)
    if still:
        raise Trouble("Posting stays paused: all brands are. Go on with: amends resume")
    typer.echo(f"Posting goes on for {brand or 'all brands'}.")

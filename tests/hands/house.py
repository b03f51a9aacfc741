"""The house of the test: a town with X, a base, two processes that serve pages, four that do the work, and a mail server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from desk.clock import utc_now
from desk.config_file import load_settings
from desk.demo import demo_keys
from desk.secret import open_key
from desk.wiring import House, open_house
from desk.work import poll
from sandbox.serve import Served
from sandbox.world import World
from sandbox.x import create_x
from sandbox.x.options import XOptions
from tests.hands.people import NAMES, Person

PAGES, WORKERS = 2, 4
END_SECONDS = 120
HANDLE = "rosebakery"
PLENTY = {"create": 10**6, "mentions": 10**6, "search": 10**6, "tweets": 10**6, "tweet": 10**6, "me": 10**6, "users_tweets": 10**6}  # fmt: skip
"""X's limits are tried elsewhere; here nobody is to wait for them."""

ROOT = Path(__file__).parents[2]


class PostOffice:
    """Keeps the mail that is sent."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's word
        """A mail came."""
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


class Processes:
    """The house's processes, and what they wrote into their logs."""

    def __init__(self, config: Path, environ: Mapping[str, str]) -> None:
        kinds = ["pages"] * PAGES + ["work"] * WORKERS
        self.root = subprocess.Popen(
            [sys.executable, "-m", "tests.hands.child", str(config), *kinds],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=ROOT, env=dict(environ),
        )  # fmt: skip
        self.log: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.ports = tuple(sorted(port for port in (self._ready() for _ in kinds) if port))

    def _listen(self) -> None:
        assert self.root.stderr is not None
        self.log.extend(iter(self.root.stderr.readline, ""))

    def _ready(self) -> int:
        assert self.root.stdout is not None
        said = self.root.stdout.readline().split()
        assert said[:1] == ["READY"], "".join(self.log)
        return int(said[1]) if said[1:] else 0

    def end(self) -> None:
        """Let them finish what they are at; all must end in peace. Harmless when they have ended."""
        assert self.root.stdin is not None
        assert self.root.stdout is not None
        assert self.root.stderr is not None
        self.root.stdin.close()
        try:
            assert self.root.wait(END_SECONDS) == 0, "".join(self.log[-20:])
        finally:
            self.root.kill()
            self.root.wait()
            self._listener.join()
            self.root.stdout.close()
            self.root.stderr.close()


@dataclass
class Street:
    """Everything: the town outside, the house inside, and who is in it."""

    world: World
    house: House
    processes: Processes
    people: list[Person]
    post_office: PostOffice

    @property
    def ours(self) -> str:
        """Our account's id in the town."""
        account = self.world.account("x", handle=HANDLE)
        assert account is not None
        return account.id

    @property
    def log(self) -> str:
        """What all processes wrote."""
        return "".join(self.processes.log)


def write_config(folder: Path, database: str, x: str, mail_port: int) -> Path:
    """Short holds, quick polls, and a digest that has just fallen due."""
    now = datetime.now(UTC)
    noon = (12 - now.hour + 12) % 24 - 12  # a zone in which it is about noon: no date changes under us
    digest = (now + timedelta(hours=noon) - timedelta(minutes=2)).strftime("%H:%M")
    config = folder / "config.toml"
    config.write_text(
        f"""
[service]
database = "{database}"
[posting]
hold = "1s"
first_hold = "1s"
first_replies = 0
[polling]
every = "1s"
[filter]
second_look = false
[mail]
host = "127.0.0.1"
port = {mail_port}
security = "none"
sender = "amends@rosebakery.example"
[digest]
to = [{", ".join(f'"{name.lower()}@rosebakery.example"' for name in NAMES)}]
at = "{digest}"
time_zone = "Etc/GMT{-noon:+d}"
[[brand]]
key = "{HANDLE}"
name = "Rose Bakery"
[brand.x]
handle = "{HANDLE}"
api = "{x}"
search = false
""",
        encoding="utf-8",
    )
    return config


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def open_street(folder: Path, database: str) -> Iterator[Street]:
    """The whole street, with nobody waiting yet. `database` is a file's name or the URL of a migrated one."""
    with ExitStack() as stack:
        world = stack.enter_context(World(folder / "town.sqlite"))
        x = stack.enter_context(Served(create_x(world, options=XOptions(limits=PLENTY))))
        world.add_account("x", HANDLE, "Rose Bakery")
        post_office = PostOffice()
        mail = Controller(post_office, hostname="127.0.0.1", port=free_port())
        mail.start()
        stack.callback(mail.stop)
        config = write_config(folder, database, x.url, mail.port)
        keys = {name: value for name, value in demo_keys().items() if HANDLE.upper() in name and "_X_" in name}
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")} | keys
        settings = load_settings(config, environ)
        open_key(settings.key_path)
        house = open_house(settings, environ)
        stack.callback(house.close)
        people = [join(house, name) for name in NAMES]
        elder = world.add_account("x", "elder", "The Elder")
        world.publish("x", elder.id, "@rosebakery no bread at all this morning, terrible service")
        poll(house, utc_now())  # somebody waits when the digest falls due, or it would not be sent
        processes = Processes(config, environ)
        stack.callback(processes.end)
        for person in people:
            person.ports = processes.ports
        yield Street(world, house, processes, people, post_office)


def join(house: House, name: str) -> Person:
    """Somebody who works here, signed in."""
    people, now = house.casebook.people, utc_now()
    person = people.add(f"{name.lower()}@rosebakery.example", name, "member", "no password", now)
    session = people.open_session(person, now, timedelta(days=1), timedelta(days=1))
    return Person(name, f"person:{person}", session, (), utc_now)

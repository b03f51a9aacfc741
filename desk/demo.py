"""The demo: a practice town beside a real service, both on this computer alone, going on where the last visit stopped."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from desk.clock import utc_now
from desk.config import Settings
from desk.config_file import load_settings
from desk.errors import Trouble
from desk.logs import start_logs
from desk.service import Service
from desk.toml_text import quote
from desk.web.passwords import hash_password
from desk.wiring import House, open_house
from sandbox.keys import BRANDS, reddit_keys, x_keys
from storage.migrate import upgrade

HERE = "127.0.0.1"
SEED = 7
OWNER = ("ana@rosebakery.example", "Ana")
START_WITHIN = 40.0
"""Seconds the town gets to open its doors: on a busy, slow machine it needs about ten."""
END_WITHIN = 1.5
"""Seconds the town gets to close them, out of the three in which Ctrl-C must be over."""
READY = b"sandbox ready"
"""What the town says when its doors are open."""
MARK = "amends-demo"
"""A file that says the folder is ours: `--fresh` removes no other."""

Say = Callable[[str], None]


def show_demo(
    folder: Path, listening: socket.socket, *, fresh: bool, say: Say = lambda line: print(line, flush=True)
) -> None:
    """Run town and service until Ctrl-C; the town takes the three ports after the one we listen on. Raises Trouble."""
    port = int(listening.getsockname()[1])
    with ExitStack() as stack:
        stack.enter_context(listening)
        prepare(folder, fresh=fresh, say=say)
        settings = write_config(folder, port)
        start_logs(settings.service.log, settings.service.log_level)
        say("Opening the town …")
        town = stack.enter_context(run_town(folder, port + 1))
        house = open_demo(settings)
        add_owner(house)
        service = Service(house, lambda: say(f"Amends is running: http://{HERE}:{port}/  (Ctrl-C ends it)"))
        stack.enter_context(town_watched(town, service))
        say(f"The town's own pages: http://{HERE}:{port + 1}/")
        service.run(listening)
        if service.gave_up:
            raise Trouble(
                f"The town ended by itself (code {town.returncode}); its last words are in {folder / 'town.log'}."
            )
    say("The demo has ended. Next time it goes on from here.")


def prepare(folder: Path, *, fresh: bool, say: Say) -> None:
    """A folder of our own. Raises Trouble when it is somebody else's or cannot be written."""
    mark = folder / MARK
    try:
        if fresh and folder.exists():
            if not mark.exists() and any(folder.iterdir()):
                raise Trouble(
                    f"{folder} was not made by the demo, so --fresh leaves it alone. Name another folder with --state."
                )
            shutil.rmtree(folder)
            say("Beginning anew.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise Trouble(
            f"The demo cannot keep its things in {folder}: {(error.strerror or str(error)).lower()}."
        ) from error


def write_config(folder: Path, port: int) -> Settings:
    """The demo's own config file, written anew at each start, because the ports stand in it."""
    path = folder / "config.toml"
    path.write_text(demo_config(port), encoding="utf-8")
    return load_settings(path, {})


def demo_config(port: int) -> str:
    """Quick rounds and a short hold, so that a visitor sees the whole loop. Mail goes nowhere."""
    town, x, reddit = f"http://{HERE}:{port + 1}", f"http://{HERE}:{port + 2}", f"http://{HERE}:{port + 3}"
    head = f"""\
# Written by `amends demo` at every start; changes here do not last.
[service]
port = {port}
tick = "1 s"
practice = true
town = "{town}"
log_level = "warning"

[posting]
hold = "6 s"
first_hold = "6 s"

[polling]
every = "5 s"
lease = "10 s"
"""
    return head + "".join(
        f"\n{brand}\n[brand.x]\nhandle = {quote(key)}\napi = {quote(x)}\nsite = {quote(town + '/x')}\n"
        f"\n[brand.reddit]\nhandle = {quote(key)}\nboards = {boards}\napi = {quote(reddit)}\n"
        f"site = {quote(town)}\n"
        for key, brand, boards in _demo_brands()
    )


def _demo_brands() -> Iterator[tuple[str, str, str]]:
    yield (
        "rosebakery",
        """[[brand]]
key = "rosebakery"
name = "Rose Bakery"
trade = "bakery"
names = ["Rose Bakery", "rosebakery"]
not_us = ["Rose Bakery in Paris", "Rose Bakery Mysteries"]
contact = "hello@rosebakery.example"
time_zone = "Europe/Bucharest"
hours = { mon = "07:00-18:00", tue = "07:00-18:00", wed = "07:00-18:00", thu = "07:00-18:00", fri = "07:00-18:00", sat = "08:00-14:00", sun = "closed" }

[[brand.shop]]
key = "market"
name = "Market Street"
names = ["Market Street"]
address = "12 Market Street"
signed_by = "Ana"

[[brand.shop]]
key = "harbour"
name = "Harbour"
names = ["Harbour", "harbour"]
address = "3 Harbour Walk"
signed_by = "Ben"
""",
        '["rosetown"]',
    )
    yield (
        "swiftcourier",
        """[[brand]]
key = "swiftcourier"
name = "Swift Courier"
trade = "courier"
names = ["Swift Courier", "swiftcourier"]
not_us = ["Taylor Swift"]
contact = "care@swiftcourier.example"
time_zone = "Europe/Chisinau"
""",
        '["parcels"]',
    )
    yield (
        "pixelfix",
        """[[brand]]
key = "pixelfix"
name = "PixelFix"
trade = "phone repair"
names = ["PixelFix", "pixelfix"]
not_us = ["the pixel fix", "1.4 pixel fix"]
contact = "desk@pixelfix.example"
time_zone = "Asia/Kolkata"
""",
        '["phonehelp"]',
    )


def open_demo(settings: Settings) -> House:
    """The demo's house, its base brought up to date: a visitor who comes back with a newer Amends goes on all the same."""
    if settings.database_path.exists():
        upgrade(settings.database_url)
    return open_house(settings, demo_keys())


def demo_keys() -> Mapping[str, str]:
    """The town's made-up keys, as the environment would hold real ones."""
    keys: dict[str, str] = {}
    for brand in BRANDS:
        x, reddit = x_keys(brand), reddit_keys(brand)
        own = {
            "X_BEARER_TOKEN": x.bearer_token,
            "X_API_KEY": x.consumer_key,
            "X_API_KEY_SECRET": x.consumer_secret,
            "X_ACCESS_TOKEN": x.access_token,
            "X_ACCESS_TOKEN_SECRET": x.access_token_secret,
            "REDDIT_CLIENT_ID": reddit.client_id,
            "REDDIT_CLIENT_SECRET": reddit.client_secret,
            "REDDIT_PASSWORD": reddit.password,
        }
        keys |= {f"AMENDS_{brand.upper()}_{name}": value for name, value in own.items()}
    return keys


def add_owner(house: House) -> None:
    """Ana, whom the demo signs in by itself; nobody knows the password, so nobody can sign in otherwise."""
    if house.casebook.people.by_email(OWNER[0]) is None:
        house.casebook.people.add(*OWNER, "owner", hash_password(secrets.token_urlsafe(32)), utc_now())


@contextmanager
def run_town(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The town as a child of ours, open for visitors; ended with us. Its standard input is a pipe that breaks when we die, however
    we die, and the town ends then. Raises Trouble when it does not open."""
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--state",
        str(folder / "town.sqlite"),
        "--seed",
        str(SEED),
        "--with-parent",
    ]
    with (folder / "town.log").open("wb") as log:
        # A group of its own: Ctrl-C at the terminal is ours to pass on, after the service has ended.
        town = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, process_group=0
        )
    try:
        _wait_for(town, folder / "town.log")
        yield town
    finally:
        end_town(town)


def _wait_for(town: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + START_WITHIN
    while town.poll() is None and time.monotonic() < last:
        if READY in log.read_bytes():
            return
        time.sleep(0.05)
    ended = f"ended with code {town.returncode}" if town.poll() is not None else "did not open in time"
    raise Trouble(f"The town {ended}; its last words are in {log}. To begin anew: make demo FRESH=1")


def end_town(town: subprocess.Popen[bytes]) -> None:
    """Ask the town to end, and see to it."""
    if town.stdin:
        town.stdin.close()
    if town.poll() is None:
        town.send_signal(signal.SIGTERM)
    try:
        town.wait(END_WITHIN)
    except subprocess.TimeoutExpired:
        town.kill()
        town.wait()


@contextmanager
def town_watched(town: subprocess.Popen[bytes], service: Service) -> Iterator[None]:
    """When the town dies, the demo is over: end the service, which then says so."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(timedelta(milliseconds=500).total_seconds()):
            if town.poll() is not None:
                service.give_up()
                return

    thread = threading.Thread(target=watch, name="town-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

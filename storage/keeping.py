"""Keeping a base safe: a copy made while the service writes, verified before it gets its name. Of SQLite files; a server has its own tools."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from storage.casebook.restoring import Restoring
from storage.engine import BaseUnavailable, open_engine
from storage.header import check_file
from storage.migrate import TooNew, version_of
from storage.troubles import what_it_means
from storage.verifying import Look, look_at

Progress = Callable[[int, int], None]
"""Told how many pages of how many are copied."""

AT_ONCE = 2_000
"""Pages copied between two words about the progress: 8 MB."""
BESIDE = ("-wal", "-shm", "-journal")


class NotKept(Exception):
    """It was not done, and nothing was changed. `why` is for the owner."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def back_up(
    path: Path, target: Path, key: bytes, now: datetime, told: Progress = lambda _done, _all: None
) -> tuple[Look, ...]:
    """Copy the base at `path` to `target` as it is at one moment, and verify the copy; what was looked at, all of which holds.

    The service may write meanwhile. The copy is marked as one, so that whoever goes on from it is told. Raises NotKept when `target`
    is there already, when there is no room, or when the copy does not verify; BaseUnavailable for trouble with the base itself.
    """
    check_file(path)
    if target.exists():
        raise NotKept(f"{target} is there already. Name another file; a backup is never written over.")
    with draft_beside(target) as draft:
        _copy(path, draft, told)
        looks = _verified(draft, key, now)
        _flush(draft)
        name_it(draft, target)
    return looks


def _verified(draft: Path, key: bytes, now: datetime) -> tuple[Look, ...]:
    version = version_of(f"sqlite:///{draft}")
    if version.is_newer:
        raise TooNew(version)
    engine = open_engine(f"sqlite:///{draft}")
    try:
        Restoring(engine, key).mark_copy(now)
        looks = tuple(look_at(engine, key, rules=version.is_current))
    finally:
        engine.dispose()
    check_looks(looks, "The copy does not verify, so it was thrown away")
    return looks


def check_looks(looks: tuple[Look, ...], says: str) -> None:
    """Raises NotKept, which begins with `says`, for the first look that does not hold."""
    for look in looks:
        if not look.holds:
            raise NotKept(f"{says}: {look.found}: {'; '.join(look.wrong[:3])}. See all of it with: amends verify")


@contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """An empty file that only we may read, in the folder of `target`, gone at the end. Raises NotKept."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise NotKept(f"{target} cannot be written: {in_words(error)}.") from error
    try:
        yield draft
    except OSError as error:
        raise NotKept(f"{target} could not be written: {in_words(error)}.") from error
    finally:
        for suffix in ("", *BESIDE):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _copy(path: Path, draft: Path, told: Progress) -> None:
    """Page by page, out of one read transaction: what is written meanwhile neither gets in nor begins it anew."""
    uri = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as source:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
                source.backup(copy, pages=AT_ONCE, progress=lambda _, left, whole: told(whole - left, whole))
    except sqlite3.Error as error:
        if "full" in str(error).lower() or "WRITE" in getattr(error, "sqlite_errorname", ""):
            raise NotKept(
                f"There is no room for the copy: it needs {size_of(path)}. Free some, or name a file on another disk."
            ) from error
        raise BaseUnavailable(what_it_means(error)) from error


def size_of(path: Path) -> str:
    """A file's size for people."""
    return f"{path.stat().st_size / 1024**2:.1f} MB"


def name_it(draft: Path, target: Path) -> None:
    """Give a whole file its name, unless somebody took it meanwhile. Raises NotKept."""
    try:
        os.link(draft, target)
    except FileExistsError as taken:
        raise NotKept(f"{target} is there already. Name another file; a backup is never written over.") from taken
    flush_folder(target.parent)


def copy_file(path: Path, target: Path) -> None:
    """A file that only we may read, with the bytes of another one, on the disk when it returns. Raises OSError."""
    with path.open("rb") as given, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept:
        shutil.copyfileobj(given, kept)
        kept.flush()
        os.fsync(kept.fileno())


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Have a folder's new names on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def in_words(error: OSError) -> str:
    """What the system said, in lower case."""
    return (error.strerror or str(error)).lower()

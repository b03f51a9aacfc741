"""Where backups are kept, and the keys that belong to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk.config import Settings
from desk.errors import Trouble
from desk.secret import open_key
from storage.engine import open_engine
from storage.header import check_file
from storage.keeping import NotKept, copy_file, in_words
from storage.migrate import TooNew, version_of
from storage.verifying import Look, look_at

FOLDER = "backups"
SUFFIXES = (".sqlite", ".dump")
OLD = timedelta(days=7)
"""A newest backup older than this is told by `amends doctor`."""


def folder_of(settings: Settings) -> Path:
    """The folder for backups: beside the database, or beside the key where that is on a server."""
    beside = settings.key_path if settings.on_server else settings.database_path
    return beside.parent / FOLDER


def default_target(settings: Settings, now: datetime, why: str = "") -> Path:
    """A new name in the folder for backups, which is made when it is missing. Raises Trouble."""
    folder = folder_of(settings)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The folder {folder} for backups cannot be made: {in_words(error)}.") from error
    return folder / f"amends-{why}{now:%Y%m%d-%H%M%S}{SUFFIXES[settings.on_server]}"


def newest(settings: Settings) -> tuple[Path, datetime] | None:
    """The newest backup in the folder, and when it was made; None when there is none."""
    found = _backups(folder_of(settings))
    return (found[0], datetime.fromtimestamp(found[0].stat().st_mtime, UTC)) if found else None


def thin_out(folder: Path, keep: int) -> Iterator[Path]:
    """Remove all but the newest `keep` backups of ours, with their keys; gives what was removed."""
    for old in _backups(folder)[keep:]:
        old.unlink(missing_ok=True)
        key_beside(old).unlink(missing_ok=True)
        yield old


def _backups(folder: Path) -> list[Path]:
    """Those we named ourselves, newest first; copies made before a migration are not among them."""
    found = [path for suffix in SUFFIXES for path in folder.glob(f"amends-[0-9]*{suffix}")]
    return sorted(found, key=lambda path: path.name, reverse=True)


def key_beside(backup: Path) -> Path:
    """Where the key of a backup lies."""
    return Path(f"{backup}.key")


def own_key(settings: Settings) -> bytes:
    """The key of the database in use; never a new one. Raises Trouble."""
    if not settings.key_path.exists():
        raise Trouble(
            f"The secret key {settings.key_path} that belongs to the database is missing. Put it back from your backup."
        )
    return open_key(settings.key_path)


def check_key_place(settings: Settings, backup: Path) -> None:
    """Raises Trouble when another key lies where this backup's would."""
    beside = key_beside(backup)
    if beside.exists() and beside.read_bytes() != settings.key_path.read_bytes():
        raise Trouble(f"{beside} holds another key already, and a key is never written over. Name another file.")


def copy_key(settings: Settings, backup: Path) -> Path:
    """Lay the key beside a backup; gives where. Raises Trouble."""
    beside = key_beside(backup)
    try:
        copy_file(settings.key_path, beside)
    except OSError as error:
        raise Trouble(
            f"The backup is written, but its key could not be copied to {beside}: {in_words(error)}."
        ) from error
    return beside


def key_for(settings: Settings, backup: Path) -> bytes:
    """The key beside a backup, else the one in use. Raises Trouble."""
    if not backup.is_file():
        raise Trouble(f"There is no file {backup}.")
    beside = key_beside(backup)
    if beside.exists():
        return open_key(beside)
    if not settings.key_path.exists():
        raise Trouble(
            f"The key of this backup is neither in {beside} nor in {settings.key_path}. Put the file there that was kept with it: "
            "without it the history cannot be checked."
        )
    return open_key(settings.key_path)


def take_key(settings: Settings, backup: Path, now: datetime) -> Path | None:
    """Make the key beside a restored backup the one in use; gives where the one before it is kept, if it was another. Raises Trouble."""
    beside, own = key_beside(backup), settings.key_path
    if not beside.exists():
        return None
    if own.exists() and open_key(own) == open_key(beside):
        return None
    kept = own.with_name(f"{own.name}-replaced-{now:%Y%m%d-%H%M%S}") if own.exists() else None
    try:
        like = own.stat() if own.exists() else own.parent.stat()
        if kept is not None:
            own.rename(kept)
        copy_file(beside, own)
        if os.geteuid() == 0:
            os.chown(own, like.st_uid, like.st_gid)  # the service must be able to read it, whoever puts it back
    except OSError as error:
        raise Trouble(
            f"The backup is in place, but its key could not be copied to {own}: {in_words(error)}. Copy it by hand."
        ) from error
    return kept


def looks_at(settings: Settings, backup: Path | None) -> Iterator[Look]:
    """Everything that `amends verify` looks at, in the database in use or in a backup. Raises Trouble, NotKept, BaseUnavailable."""
    key = key_for(settings, backup) if backup is not None else own_key(settings)
    if backup is not None and backup.suffix == SUFFIXES[True]:
        raise NotKept("An archive of pg_dump is verified when it is written and when it is restored.")
    if backup is None and settings.on_server:
        url = settings.database_url
    else:
        path = backup or settings.database_path
        check_file(path)
        url = f"sqlite:///{path}" if backup is None else _only_read(path)
    version = version_of(url)
    if version.is_newer:
        raise TooNew(version)
    engine = open_engine(url)
    try:
        yield from look_at(engine, key, rules=version.is_current)
    finally:
        engine.dispose()
    if not version.is_current:
        yield Look(
            "version",
            f"of version {version.present or 'unknown'}; the rules of this one ({version.newest}) were not looked at",
        )


def _only_read(path: Path) -> str:
    """A backup may lie on a disk that cannot be written, and must not be."""
    told = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    return f"sqlite:///file:{path.resolve()}?{told}&uri=true"

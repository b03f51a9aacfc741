"""Putting a backup back in the base's place: verified first, made safe before it is there, and the base it replaces kept.

A backup is older than what happened since. What was posted in between must not be posted again, so the copy is made safe while it is
still a draft (see `casebook.restoring`), and what only the replaced base knows is taken over: whom we were asked to forget or not
to write to, and which digests have gone out.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from storage.casebook.chain import is_key_of
from storage.casebook.forgetting import Forgetting
from storage.casebook.forgotten import Tombstone
from storage.casebook.restoring import Kept, Restoring, Settled
from storage.engine import BaseUnavailable, Engine, open_engine
from storage.header import check_file
from storage.keeping import BESIDE, NotKept, check_looks, copy_file, draft_beside, flush_folder, in_words
from storage.last_claim import LastClaim
from storage.migrate import TooNew, version_of
from storage.verifying import look_at

LOCKED_BYTES = (0x40000002, 510)
"""Where readers of an SQLite file hold their lock (sqlite.org/lockingv3.html): whoever can lock it all is alone with the file."""
IN_USE = "The database is in use: stop the service, and every other program that has it open, and try again."
RESTORER = "restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. `copied_at`: when the backup was made, if it says so. `replaced`: where the base is now that stood there before.

    `is_older`: it needs `amends migrate`, which makes it safe as well. `knew`: whether the replaced base could be asked what it knew.
    """

    copied_at: datetime | None
    settled: Settled
    replaced: Path | None = None
    forgotten: int = 0
    knew: bool = True
    is_older: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What the replaced base knows and the backup does not."""

    kept: Kept
    tombstones: Sequence[Tombstone] = ()
    readable: bool = True


def put_back(
    backup: Path, path: Path, key: bytes, now: datetime, last_claim: LastClaim, *, replace: bool = False
) -> Restored:
    """Put a backup in the place of the base at `path`. The backup itself is not touched.

    Raises NotKept, with nothing changed, when the backup does not verify or its key is another one, when a base is there and `replace`
    is not said, or while anybody has that base open; TooNew for a backup of a newer version, BaseUnavailable for a damaged one.
    """
    check_file(backup)
    there = path.exists() and path.stat().st_size > 0
    if there and path.samefile(backup):
        raise NotKept(f"{backup} is the database itself.")
    if there and not replace:
        raise NotKept(
            f"There is a database at {path} already. To put the backup in its place, say so: --replace. The database is kept."
        )
    with alone_with(path):
        pass  # said before anything takes long
    with draft_beside(path) as draft:
        _take(backup, draft)
        is_older, copied_at = _check(draft, key, _written(backup))
        known = _ask(path, key, copied_at) if there else _Known(Kept())
        settled, forgotten = (Settled(), 0) if is_older else _make_safe(draft, key, copied_at, now, known)
        _let_go(draft)
        with alone_with(path):
            replaced = _swap(draft, path, now)
        last_claim.begin_anew()
    return Restored(copied_at, settled, replaced, forgotten, known.readable and not (there and is_older), is_older)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Nobody else has the base open, and nobody can begin to until the end. What its log holds is in the file then. Raises NotKept."""
    if not path.exists():
        yield
        return
    _empty_log(path)
    file = os.open(path, os.O_RDWR)
    try:
        begin, length = LOCKED_BYTES
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, begin)
        except OSError as held:
            raise NotKept(IN_USE) from held
        yield
    finally:
        os.close(file)


def _empty_log(path: Path) -> None:
    """Whoever closes a base last puts its log into it, and takes away what lies beside it. A damaged base keeps its log."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as base:
            base.execute("SELECT count(*) FROM sqlite_master").fetchall()
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.DatabaseError:
        return  # whoever holds it is noticed next


def _take(backup: Path, draft: Path) -> None:
    copy_file(backup, draft)
    log = Path(f"{backup}-wal")
    if log.exists():  # a folder copied by hand: the newest is in the log
        copy_file(log, Path(f"{draft}-wal"))


def _written(backup: Path) -> datetime:
    return datetime.fromtimestamp(backup.stat().st_mtime, UTC)


def _check(draft: Path, key: bytes, written: datetime) -> tuple[bool, datetime | None]:
    version = version_of(f"sqlite:///{draft}")
    if version.is_newer:
        raise TooNew(version)
    if not version.present:
        raise NotKept("This is a database, but not one of Amends.")
    with _opened(draft) as engine:
        if not is_key_of(engine, key):
            raise NotKept("The history of this backup was sealed with another key. Its own key belongs to it.")
        looks = tuple(look_at(engine, key, rules=version.is_current))
        check_looks(looks, "The backup does not verify, so nothing was done")
        restoring = Restoring(engine, key)
        copied_at = restoring.copied_at()
        if not version.is_current and copied_at is None:
            restoring.mark_copy(written)  # so that it is made safe after it was migrated
    return not version.is_current, copied_at


def _ask(path: Path, key: bytes, copied_at: datetime | None) -> _Known:
    """What the base that is to be replaced knows, as far as it can still be read."""
    try:
        check_file(path)
        if not version_of(f"sqlite:///{path}").is_current:
            return _Known(Kept(), readable=False)
        with _opened(path) as engine:
            if not is_key_of(engine, key):
                return _Known(Kept(), readable=False)
            since = copied_at or datetime.min.replace(tzinfo=UTC)
            return _Known(Restoring(engine, key).keep(since), Forgetting(engine, key).tombstones())
    except BaseUnavailable:
        return _Known(Kept(), readable=False)


def _make_safe(
    draft: Path, key: bytes, copied_at: datetime | None, now: datetime, known: _Known
) -> tuple[Settled, int]:
    with _opened(draft) as engine:
        settled = Restoring(engine, key).settle(copied_at, now, known.kept)
        return settled, Forgetting(engine, key).forget_again(known.tombstones, RESTORER, now)


@contextmanager
def _opened(path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{path}")
    try:
        yield engine
    finally:
        engine.dispose()


def _let_go(draft: Path) -> None:
    """All of it is in the one file, and on the disk."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def free_name(wanted: Path) -> Path:
    """The name that is wanted, with a number where it is taken."""
    names = (wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}") for number in count(2))
    return next(name for name in chain((wanted,), names) if not name.exists())


def _belong(draft: Path, like: Path) -> None:
    """The service must be able to open it, whoever puts it back."""
    there = like.stat()
    if os.geteuid() == 0:
        os.chown(draft, there.st_uid, there.st_gid)
    if like.is_file():
        draft.chmod(there.st_mode & 0o777)


def _swap(draft: Path, path: Path, now: datetime) -> Path | None:
    """The draft under the base's name, from one moment to the next; the base and what lies beside it under names with the date."""
    kept = free_name(path.with_name(f"{path.stem}-replaced-{now:%Y%m%d-%H%M%S}{path.suffix}"))
    try:
        _belong(draft, path if path.exists() else path.parent)
        if path.exists():
            os.link(path, kept)
        for suffix in BESIDE:
            with suppress(FileNotFoundError):
                os.rename(f"{path}{suffix}", f"{kept}{suffix}")
        os.replace(draft, path)
        flush_folder(path.parent)
    except OSError as error:
        raise NotKept(f"The backup could not be put in place: {in_words(error)}.") from error
    return kept if kept.exists() else None

"""A note of the last claim, kept beside the base and not in it: a base that does not know its own last claim is an older copy.

Whoever puts an old copy in the base's place, or loses the write-ahead log, brings approvals back that have gone out since; they would
go out a second time. The note is written after a claim is committed and before its request begins. It is one row's number and its
link in the chain: it tells nothing about anybody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from storage.engine import BaseUnavailable
from storage.tables import history

WENT_BACK = (
    "The database is older than what was last posted from it: an earlier copy was put in its place. Nothing is posted any more. "
    "Restart the service; it then tells what has to be looked at."
)
LENGTH = 85
"""Bytes of a note: twenty digits, a blank and a SHA-256 in hex. Always as long, so that writing it again needs no room on the disk."""


@dataclass(slots=True)
class Claimed:
    """What a claim writes down: its newest row of history, if it went through."""

    note: str = field(default="", init=False)

    def is_made(self, connection: Connection) -> None:
        """The claim stands in this transaction."""
        row = connection.execute(select(history.c.id, history.c.chain).order_by(history.c.id.desc()).limit(1)).one()
        self.note = f"{row.id:020d} {row.chain}"


@dataclass(frozen=True, slots=True)
class LastClaim:
    """The note in the file at `path`; there is none before the first claim."""

    path: Path

    @contextmanager
    def around(self) -> Iterator[Claimed]:
        """Write the note of the claim made within, once it is committed. Raises BaseUnavailable, before it, where that will not be possible."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        try:
            _make_room(self.path, file)
            claimed = Claimed()
            yield claimed
            if claimed.note:
                os.pwrite(file, claimed.note.encode(), 0)
        finally:
            os.close(file)

    def is_known(self, connection: Connection) -> bool:
        """Whether the base knows the last claim. Without a note, or with one that cannot be read, there is nothing to know."""
        noted = self._read()
        if noted is None:
            return True
        number, link = noted
        return connection.execute(select(history.c.chain).where(history.c.id == number)).scalar() == link

    def check(self, connection: Connection) -> None:
        """Raises BaseUnavailable when the base is older than the last claim."""
        if not self.is_known(connection):
            raise BaseUnavailable(WENT_BACK)

    def begin_anew(self) -> None:
        """The base is what it is, and is known to be older: forget the claim that it does not know."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    @property
    def exists(self) -> bool:
        """Whether anything was ever posted from here."""
        return self._read() is not None

    def _read(self) -> tuple[int, str] | None:
        try:
            number, _, link = self.path.read_text(encoding="ascii").strip().partition(" ")
            return int(number), link
        except (OSError, ValueError):
            return None


def _make_room(path: Path, file: int) -> None:
    """Have the note's bytes on the disk before the claim is made, so that writing it afterwards cannot fail for want of room."""
    try:
        if os.fstat(file).st_size < LENGTH:
            os.pwrite(file, b" " * LENGTH, 0)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> BaseUnavailable:
    return BaseUnavailable(
        f"The note of the last claim, {path}, cannot be written: {(error.strerror or str(error)).lower()}. "
        "Nothing is posted without it."
    )

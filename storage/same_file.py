"""Whether the files of an SQLite base are still those that were opened.

A file that is removed or replaced under SQLite is written to all the same: into a file without a name, which is gone at the end. What
we posted would then be forgotten, and posted again. So the names are looked at (one `stat` each) before and after every transaction.
"""

from __future__ import annotations

import os
import threading

GONE = (
    "The database file was moved, removed or replaced while it was in use. Nothing is posted any more. "
    "Put the file back as it was, or restart the service and look at what was done last."
)
MISSING = "The database file is missing, or its folder is. Put it back, or your newest backup in its place: amends restore FILE"
BESIDE = ("-wal", "-shm")
"""The two files that belong to a base in use. While anybody has it open nobody rightly removes them."""

_Identity = tuple[int, int]


class SameFile:
    """Remembers which files an engine works on. Safe to use from any thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._base: _Identity | None = None
        self._beside: dict[str, _Identity] = {}

    def is_same(self) -> bool:
        """Whether the base is the file it was at first sight; the first call remembers it."""
        here = _identity(self._path)
        with self._lock:
            if self._base is None:
                self._base = here
            return here is not None and here == self._base

    def begun(self) -> None:
        """A transaction has opened what lies beside the base: remember what is new there."""
        with self._lock:
            for suffix in BESIDE:
                if suffix not in self._beside and (here := _identity(self._path + suffix)) is not None:
                    self._beside[suffix] = here

    def is_whole(self) -> bool:
        """Whether the base and everything beside it are still what they were: what was committed is where the next start looks."""
        if not self.is_same():
            return False
        with self._lock:
            known = dict(self._beside)
        return all(_identity(self._path + suffix) == one for suffix, one in known.items())

    def closed(self) -> None:
        """A connection was closed; SQLite itself takes away what lies beside when it was the last."""
        with self._lock:
            self._beside.clear()

    def forget(self) -> None:
        """Every connection was closed: the next one opens whatever is there."""
        with self._lock:
            self._base = None
            self._beside.clear()


def _identity(path: str) -> _Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino

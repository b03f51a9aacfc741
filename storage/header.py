"""What the first hundred bytes of an SQLite file tell, before anybody opens it (sqlite.org/fileformat2.html, section 1.3)."""

from __future__ import annotations

from pathlib import Path

from storage.engine import BaseUnavailable

MAGIC = b"SQLite format 3\0"
LENGTH = 100
RESTORE = "Restore your newest backup: amends restore FILE"


def check_file(path: Path) -> None:
    """Refuse a file that is empty, no database, or cut off. Raises BaseUnavailable, which says what to do."""
    try:
        with path.open("rb") as file:
            head = file.read(LENGTH)
        size = path.stat().st_size
    except OSError as error:
        raise BaseUnavailable(f"The database file cannot be read: {(error.strerror or str(error)).lower()}.") from error
    if not head:
        raise BaseUnavailable(f"The database file is empty. {RESTORE}")
    if len(head) < LENGTH or not head.startswith(MAGIC):
        raise BaseUnavailable(f"The database file is damaged or not a database. {RESTORE}")
    if size < _size_told(head) and not _has_log(path):
        raise BaseUnavailable(f"The database file is cut off: a part of it is missing at the end. {RESTORE}")


def _size_told(head: bytes) -> int:
    """How many bytes the file says it has; 0 where it does not say, because an old version of SQLite wrote it last."""
    page = int.from_bytes(head[16:18], "big")
    if head[24:28] != head[92:96]:
        return 0
    return (65536 if page == 1 else page) * int.from_bytes(head[28:32], "big")


def _has_log(path: Path) -> bool:
    # After a crash the log may hold what the file lacks, and SQLite puts it there.
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0

"""Whether a base may be gone on from: its file, its version, its key, and whether it is the newest of its kind."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog

from desk.config import Settings
from desk.errors import Trouble
from storage.casebook import Casebook
from storage.casebook.chain import is_key_of
from storage.header import check_file
from storage.last_claim import LastClaim
from storage.migrate import TooNew, version_of

_log = structlog.get_logger()


def last_claim_of(settings: Settings) -> LastClaim:
    """The note of the last claim made from here: beside the file, or beside the key where the base is on a server."""
    beside = settings.key_path if settings.on_server else settings.database_path
    return LastClaim(Path(f"{beside}.last-claim"))


def is_missing(settings: Settings) -> bool:
    """Whether there is no base yet, so that one may be made. Raises Trouble when there must have been one."""
    path = settings.database_path
    if path.exists() and path.stat().st_size:
        return False
    if not last_claim_of(settings).exists:
        return True
    lost = "is empty" if path.exists() else "is missing"
    raise Trouble(
        f"The database {path} {lost}, and replies were posted from it. Put your newest backup in its place: amends restore FILE. "
        f"To begin with nothing all the same, remove {last_claim_of(settings).path} first."
    )


def check_base(settings: Settings) -> None:
    """Refuse a file that is damaged or cut off, and a base of another version. Raises Trouble or BaseUnavailable; writes nothing."""
    if not settings.on_server:
        check_file(settings.database_path)
    version = version_of(settings.database_url)
    if version.is_newer:
        raise TooNew(version)
    if not version.is_current:
        raise Trouble(
            f"The database {settings.database_name} was made by an older version of Amends ({version.present or 'unknown'}; "
            f"this is {version.newest}). Make a copy first: amends backup. Then run: amends migrate"
        )


def check_key(settings: Settings, casebook: Casebook) -> None:
    """Refuse a key that sealed another history than this one. Raises Trouble or BaseUnavailable."""
    if not is_key_of(casebook.engine, casebook.key):
        raise Trouble(
            f"The secret key {settings.key_path} does not belong to the database {settings.database_name}: its history was sealed "
            "with another one. Put the right key back from your backup; nothing was changed."
        )


def make_safe(casebook: Casebook, last_claim: LastClaim, now: datetime) -> str | None:
    """Make a base safe that is an older copy; what the owner must know then, None where it is as it was left. Raises BaseUnavailable."""
    copied_at = casebook.restoring.copied_at()
    if copied_at is None and not casebook.restoring.is_behind(last_claim):
        return None
    settled = casebook.restoring.settle(copied_at, now)
    last_claim.begin_anew()
    says = (
        "This database is an older copy, so posting is paused. Replies taken back: "
        f"{settled.taken_back}; looked for: {settled.looked_for}. Look at your open cases, then resume."
    )
    _log.warning(says)
    return says

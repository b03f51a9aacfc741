"""A database on a server: whether its libraries are here, what it holds, and whether our key and our clock are its own."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from importlib.util import find_spec

from desk.errors import Trouble
from storage.casebook import Casebook
from storage.engine import Engine, reading

LIBRARIES = ("psycopg", "procrastinate")
KEY = "key"
FOR_EVER = timedelta(days=36_500)


def check_libraries() -> None:
    """Raises Trouble, which says how they are installed, when one is missing."""
    if missing := [name for name in LIBRARIES if find_spec(name) is None]:
        named = " and ".join(missing)
        raise Trouble(
            f'A database on a server needs {named}, which {"is" if len(missing) == 1 else "are"} not installed. Run: pip install "amends[scale]"'
        )


def is_its_key(casebook: Casebook, key: bytes, now: datetime) -> bool:
    """Whether this is the key that the first machine had, whose mark stands in the base; the first to ask leaves its own there.

    With another key the history could not be checked, and whom we were asked to forget would be known to one machine alone.
    """
    mark = hmac.new(key, b"the key of this house", hashlib.sha256).hexdigest()[:40]
    known = casebook.leases.holder(KEY)
    return known == mark if known is not None else casebook.leases.hold(KEY, mark, now, FOR_EVER)


def clock_of(engine: Engine) -> datetime:
    """What time it is on the server. Raises BaseUnavailable."""
    with reading(engine) as connection:
        told = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    assert isinstance(told, datetime)
    return told

"""What every writer of the casebook shares: the engine, the chain's key, and one transaction per promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import FunctionType
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine

from storage.engine import Interrupted, reading, writing
from storage.last_claim import LastClaim

Wake = Callable[[Connection, Collection[str]], None]
"""Told last of all inside a transaction which kinds of due work it made ("post", "propose", …), in a fixed order."""


WAITS = (0.05, 0.2, 0.5, 1.0, 1.5)
"""Seconds before a promise that was interrupted is tried again; a PostgreSQL server that is restarted is back by then."""


def _again(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def tried(*args: Any, **named: Any) -> Any:
        for wait in WAITS:
            try:
                return act(*args, **named)
            except Interrupted:  # nothing of it was stored
                time.sleep(wait)
        return act(*args, **named)

    return tried


@dataclass(frozen=True, slots=True)
class Shelf:
    """One writer of the casebook. `wake` is called inside each transaction that made work; `last_claim` is noted beside the base.

    Whatever a shelf does in public is tried again when the base interrupted it (a deadlock, a server that is restarted), a few times.
    """

    engine: Engine
    key: bytes
    wake: Wake | None = None
    last_claim: LastClaim | None = None

    def __init_subclass__(cls) -> None:
        """Every public method, so that none is forgotten."""
        for name, act in list(vars(cls).items()):
            if isinstance(act, FunctionType) and not name.startswith("_"):
                setattr(cls, name, _again(act))

    @contextmanager
    def _writing(self, *makes: str) -> Iterator[Connection]:
        """One write transaction, which makes these kinds of due work."""
        with writing(self.engine) as connection:
            yield connection
            self._wake(connection, *makes)

    def _wake(self, connection: Connection, *makes: str) -> None:
        """Tell, last of all in a transaction, which kinds of due work it made."""
        if makes and self.wake is not None:
            self.wake(connection, sorted(makes))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self.engine) as connection:
            yield connection


def new_id(added: CursorResult[Any]) -> int:
    """The id that the base gave the one row just inserted."""
    key = added.inserted_primary_key
    assert key is not None
    return int(key[0])

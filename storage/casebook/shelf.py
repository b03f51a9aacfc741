"""What every writer of the casebook shares: the engine, the chain's key, and one transaction per promise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine

from storage.engine import reading, writing
from storage.last_claim import LastClaim

Wake = Callable[[Connection, Collection[str]], None]
"""Told last of all inside a transaction which kinds of due work it made ("post", "propose", …), in a fixed order."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One writer of the casebook. `wake` is called inside each transaction that made work; `last_claim` is noted beside the base."""

    engine: Engine
    key: bytes
    wake: Wake | None = None
    last_claim: LastClaim | None = None

    @contextmanager
    def _writing(self, *makes: str) -> Iterator[Connection]:
        """One write transaction, which makes these kinds of due work."""
        with writing(self.engine) as connection:
            yield connection
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

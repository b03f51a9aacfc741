"""What every writer of the casebook shares: the engine, the chain's key, and one transaction per promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine

from storage.engine import reading, writing

Wake = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One writer of the casebook. `wake` is called inside each transaction that made work."""

    engine: Engine
    key: bytes
    wake: Wake | None = None

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with writing(self.engine) as connection:
            yield connection
            if self.wake is not None:
                self.wake(connection)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self.engine) as connection:
            yield connection


def new_id(added: CursorResult[Any]) -> int:
    """The id that the base gave the one row just inserted."""
    key = added.inserted_primary_key
    assert key is not None
    return int(key[0])

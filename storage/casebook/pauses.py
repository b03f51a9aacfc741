"""The pause switch, per brand and for all. Checked before every claim."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.casebook.shelf import Shelf
from storage.tables import pauses

EVERYTHING = "*"
_LIVE = pauses.c.ended_at.is_(None)


class Pauses(Shelf):
    """Writes pauses. An ended one stays, with who ended it."""

    __slots__ = ()

    def pause(self, scope: str, by: str, now: datetime) -> None:
        """Stop posting for a brand, or for all with "*". Harmless when already paused."""
        with self._writing() as connection:
            if connection.execute(select(pauses).where(pauses.c.scope == scope, _LIVE)).first() is None:
                connection.execute(insert(pauses).values(scope=scope, by=by, at=now))

    def resume(self, scope: str, by: str, now: datetime) -> None:
        """Post again. Resuming "*" ends the pauses of single brands too."""
        with self._writing("post", "remove") as connection:
            query = update(pauses).where(_LIVE).values(ended_by=by, ended_at=now)
            connection.execute(query if scope == EVERYTHING else query.where(pauses.c.scope == scope))

    def paused(self, brand: str) -> bool:
        """Whether nothing may be posted for this brand now."""
        with self._reading() as connection:
            return is_paused(connection, brand)

    def scopes(self) -> frozenset[str]:
        """What is paused: brand keys, "*" for all."""
        with self._reading() as connection:
            return frozenset(connection.execute(select(pauses.c.scope).where(_LIVE)).scalars())


def is_paused(connection: Connection, brand: str) -> bool:
    """Whether nothing may be posted for this brand now."""
    here = select(pauses.c.id).where(pauses.c.scope.in_((brand, EVERYTHING)), _LIVE)
    return connection.execute(here).first() is not None


def not_paused(brand: Any) -> Any:
    """The same, as a condition on a column that holds a brand's key."""
    return ~select(pauses.c.id).where(pauses.c.scope.in_((brand, EVERYTHING)), _LIVE).exists()

"""Verifying a base: whether it is whole, whether every rule holds in it, and whether its history is the one that was written.

Each look says what it looked at and names every case or row that is wrong. Nothing is changed, and nothing of what people wrote is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import DatabaseError

from storage.casebook.chain import verify
from storage.engine import BaseUnavailable, reading, take_time
from storage.rules import RULES
from storage.tables import cases, history, metadata, posts, replies

MOST = 20
"""Wrong rows that one look names; of the others it says how many there are."""

RESTORE = "Stop the service, keep this database as it is, and put your newest good backup in its place: amends restore FILE --replace"
ASK = "Something other than Amends wrote into the database. Keep it as it is, and compare with your newest backup."

TRIGGERS = 3
"""At least as many guard the history and the proposals against being rewritten, on either kind of database; see the migrations."""


@dataclass(frozen=True, slots=True)
class Look:
    """One thing looked at: `what` in a few words, `found` in one sentence, what is `wrong` row by row, and what to `do` about that."""

    what: str
    found: str
    wrong: tuple[str, ...] = ()
    do: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def look_at(engine: Engine, key: bytes | None, *, rules: bool = True) -> Iterator[Look]:
    """Every look, one after the other. `key` None leaves the history's chain out; `rules` False all that needs this version's tables.

    Raises BaseUnavailable.
    """
    whole = _whole(engine)
    yield whole
    try:
        yield from _inside(engine, key, rules=rules)
    except BaseUnavailable as unavailable:
        if whole.holds:
            raise
        yield Look("rest", "the rest, which cannot be read", (unavailable.why,), RESTORE)


def _inside(engine: Engine, key: bytes | None, *, rules: bool) -> Iterator[Look]:
    yield _orphans(engine)
    if not rules:
        return
    yield _guards(engine)
    for says, find in RULES:
        yield _rule(engine, says, find)
    if key is not None:
        wrong = verify(engine, key)
        yield Look("history", f"the history's chain, {_count(engine)}", _some(wrong), ASK)


def _whole(engine: Engine) -> Look:
    wrong: list[str] = []
    try:
        with reading(engine) as connection:
            take_time(connection)
            wrong += _integrity(connection) if connection.dialect.name == "sqlite" else _read_all(connection)
    except BaseUnavailable:
        if not wrong:
            raise  # otherwise what was found says more than that a damaged file could not even be left
    return Look("file", "every page and every index", _some(wrong), RESTORE)


def _integrity(connection: Connection) -> list[str]:
    said: list[str] = []
    try:
        said += [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(100)"))]
    except DatabaseError as error:
        if "malformed" not in str(error.orig):
            raise
        said.append("it is damaged so much that it cannot be looked through")
    return [] if said == ["ok"] else said


def _read_all(connection: Connection) -> list[str]:
    """PostgreSQL checks what it reads: so every column of every row is read, and no index may be marked as broken."""
    for table in _tables(connection):
        connection.execute(text(f'SELECT sum(length(t::text)) FROM "{table}" AS t'))  # noqa: S608 - a name out of the catalogue
    broken = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
    return [
        f"index {row[0]} is broken; build it anew: REINDEX INDEX {row[0]}" for row in connection.execute(text(broken))
    ]


def _tables(connection: Connection) -> list[str]:
    return sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))


def _orphans(engine: Engine) -> Look:
    """Rows that point at a row which is not there."""
    with reading(engine) as connection:
        take_time(connection)
        if connection.dialect.name == "sqlite":
            lost = connection.execute(text("PRAGMA foreign_key_check")).all()
            wrong = [f"{row[0]}: row {row[1]} leads to no row of {row[2]}" for row in lost]
        else:
            wrong = list(_lost_on_server(connection))
    return Look("links", "every link between rows", _some(wrong), RESTORE)


def _lost_on_server(connection: Connection) -> Iterator[str]:
    for name in _tables(connection):
        for key in inspect(connection).get_foreign_keys(name):
            (here,), (there,), parent = key["constrained_columns"], key["referred_columns"], key["referred_table"]
            asked = (
                f'SELECT a."{here}" FROM "{name}" a LEFT JOIN "{parent}" b ON b."{there}" = a."{here}" '  # noqa: S608 - names out of the catalogue
                f'WHERE a."{here}" IS NOT NULL AND b."{there}" IS NULL'
            )
            for row in connection.execute(text(asked)):
                yield f"{name}: {here} {row[0]} leads to no row of {parent}"


def _guards(engine: Engine) -> Look:
    """The triggers that keep the history from being rewritten must be there."""
    asked = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('history', 'proposals')",
        "postgresql": "SELECT count(DISTINCT event_manipulation || event_object_table) FROM information_schema.triggers "
        "WHERE event_object_table IN ('history', 'proposals')",
    }
    with reading(engine) as connection:
        there = int(connection.execute(text(asked[connection.dialect.name])).scalar_one())
    wrong = () if there >= TRIGGERS else (f"only {there} of {TRIGGERS} triggers are there",)
    return Look("guards", "the history cannot be rewritten", wrong, ASK)


def _rule(engine: Engine, says: str, find: Callable[[Connection], Sequence[str]]) -> Look:
    with reading(engine) as connection:
        take_time(connection)
        return Look("rule", says, _some(find(connection)), ASK)


def _count(engine: Engine) -> str:
    with reading(engine) as connection:
        told = [
            (int(connection.execute(select(func.count()).select_from(table)).scalar_one()), name)
            for table, name in ((history, "moves"), (cases, "cases"), (replies, "replies"), (posts, "posts"))
        ]
    return ", ".join(f"{number:,} {name}" for number, name in told)


def _some(wrong: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(wrong[:MOST])
    return (*shown, f"and {len(wrong) - MOST:,} more") if len(wrong) > MOST else shown

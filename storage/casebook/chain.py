"""Checking the history's chain: nothing was changed, left out or put in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from storage.casebook.moves import link
from storage.engine import reading
from storage.tables import cases, history, notes, replies


def verify(engine: Engine, key: bytes) -> tuple[str, ...]:
    """What is wrong with the history, row by row; empty when it holds. A forgotten note is not wrong; a changed one is."""
    wrong: list[str] = []
    with reading(engine) as connection:
        rows = connection.execute(
            select(history, notes.c.text.label("note"))
            .outerjoin(notes, notes.c.id == history.c.note_id)
            .order_by(history.c.case_id, history.c.seq)
        ).all()
        states = _states(connection)
    before, case_id, seq = "", None, 0
    for row in rows:
        if row.case_id != case_id:
            before, case_id, seq = "", row.case_id, 0
        named = f"case {row.case_id}, row {row.seq}"
        if row.seq != seq + 1:
            wrong.append(f"{named}: a row before it is missing")
        told = (row.case_id, row.seq, row.thing, row.thing_id, row.was, row.now_is, row.who)
        if link(before, (*told, row.why, row.note_hash), row.at) != row.chain:
            wrong.append(f"{named}: it was changed")
        if row.note is not None and row.note_hash != _hash(key, row.note):
            wrong.append(f"{named}: its note was changed")
        before, seq = row.chain, row.seq
    return (*wrong, *_not_told(rows, states))


def is_key_of(engine: Engine, key: bytes) -> bool:
    """Whether this key sealed the newest move without a note; True where there is none to tell by."""
    with reading(engine) as connection:
        sealed = connection.execute(
            select(history.c.note_hash).where(history.c.note_id.is_(None)).order_by(history.c.id.desc()).limit(1)
        ).scalar()
    return sealed is None or hmac.compare_digest(str(sealed), _hash(key, ""))


def _not_told(rows: Sequence[Row[Any]], states: dict[tuple[str, int], str]) -> Iterator[str]:
    """Cases and replies whose state is not the one their newest row of history tells: its end was cut off, or it was passed by."""
    told = {(row.thing, row.thing_id): row.now_is for row in rows}
    for (thing, number), state in sorted(states.items()):
        if told.get((thing, number)) != state:
            yield f"{thing} {number}: it is {state}, which its history does not tell"


def _states(connection: Connection) -> dict[tuple[str, int], str]:
    found = {("case", row.id): str(row.state) for row in connection.execute(select(cases.c.id, cases.c.state))}
    return found | {
        ("reply", row.id): str(row.state) for row in connection.execute(select(replies.c.id, replies.c.state))
    }


def _hash(key: bytes, note: str) -> str:
    return hmac.new(key, note.encode(), hashlib.sha256).hexdigest()

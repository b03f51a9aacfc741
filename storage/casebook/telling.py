"""Telling whoever came second who came first, and when: one sentence, out of the case's history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from storage.tables import brands, history, people
from storage.words import CaseState, ReplyState

CASE = {
    CaseState.OPEN: "opened this case again",
    CaseState.ANSWERED: "marked this case as answered",
    CaseState.OFFLINE: "took this case into private",
    CaseState.RESOLVED: "closed this case as made good",
    CaseState.DISMISSED: "dismissed this case",
}
REPLY = {
    ReplyState.APPROVED: "approved this reply",
    ReplyState.BY_HAND: "took this reply over to post it by hand",
    ReplyState.POSTED: "said that this reply is up",
    ReplyState.REFUSED: "said that this reply is not up",
    ReplyState.WITHDRAWN: "took this reply back",
    ReplyState.REMOVED: "took this reply down",
}


def who_was_first(
    connection: Connection, row: Row[Any], thing: str, by: str, now: datetime, case_id: int | None = None
) -> str | None:
    """Who brought this case or reply into the state it is in: "Ben dismissed this case at 14:02." None when nothing tells."""
    move = connection.execute(
        select(history)
        .where(
            history.c.case_id == (row.id if case_id is None else case_id),
            history.c.thing == thing,
            history.c.thing_id == row.id,
            history.c.was != history.c.now_is,
        )
        .order_by(history.c.seq.desc())
        .limit(1)
    ).one_or_none()
    if move is None or move.now_is != row.state:
        return None
    when = clock(connection, row.brand, move.at, now)
    done = CASE[CaseState(row.state)] if thing == "case" else REPLY.get(ReplyState(row.state))
    if done is None or not is_person(move.who):
        return f"{when[0].upper()}{when[1:]}: {move.why}"
    return f"{'You' if move.who == by else name_of(connection, move.who)} {done} {when}."


def clock(connection: Connection, brand: str, at: datetime, now: datetime) -> str:
    """When it was, by the brand's own clock: "at 14:02", or with its date when that was another day."""
    details = connection.execute(select(brands.c.details).where(brands.c.key == brand)).scalar_one()
    zone = ZoneInfo(details.get("time_zone") or "UTC")
    then, today = at.astimezone(zone), now.astimezone(zone).date()
    if then.date() == today:
        return f"at {then:%H:%M}"
    year = f" {then.year}" if then.year != today.year else ""
    return f"on {then.day} {then:%B}{year} at {then:%H:%M}"


def is_person(who: str) -> bool:
    """Whether a move was made by somebody, not by the machine, the customer or an outside view."""
    return who.startswith("person:") or who == "command"


def name_of(connection: Connection, who: str | None) -> str:
    """A person's name for sentences, "Somebody" when unknown."""
    if who and who.startswith("person:"):
        name = connection.execute(select(people.c.name).where(people.c.id == int(who.removeprefix("person:")))).scalar()
        return str(name or "Somebody")
    return {"machine": "Amends", "command": "Somebody at the command line"}.get(who or "", "Somebody")

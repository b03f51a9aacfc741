"""Moves: every change of state is one guarded UPDATE and one row of history, in the caller's transaction.

The history is chained per case: each row's `chain` is SHA-256 over the row before, the ids, the move and a keyed hash of the note.
Texts are not in it, so a person can be forgotten and the chain still holds.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, insert, or_, select, update

from storage.casebook.shelf import new_id
from storage.casebook.telling import is_person, name_of, who_was_first
from storage.lifecycle import MovedOn, check_case_move, check_reply_move, may_move_case, may_move_reply
from storage.storable import storable
from storage.tables import cases, history, notes, replies
from storage.words import CaseState, ReplyState

__all__ = [
    "CUSTOMER",
    "MACHINE",
    "NOT_POSTED",
    "OUTSIDE",
    "TAKEN_BACK",
    "case_row",
    "is_person",
    "last_move",
    "link",
    "move_case",
    "move_reply",
    "name_of",
    "next_turn",
    "park",
    "reply_row",
    "touch",
    "withdraw_held",
    "write",
]

NOT_POSTED = "Your reply was not posted:"
TAKEN_BACK = "Your reply was taken back."
"""How a case is parked for a reply that was approved and went nowhere."""

MACHINE = "machine"
CUSTOMER = "customer"
OUTSIDE = "outside"


def case_row(connection: Connection, case_id: int) -> Row[Any]:
    """The case as it stands. Raises MovedOn when there is none."""
    row = connection.execute(select(cases).where(cases.c.id == case_id)).one_or_none()
    if row is None:
        raise MovedOn("There is no such case.")
    return row


def reply_row(connection: Connection, reply_id: int) -> Row[Any]:
    """The reply as it stands. Raises MovedOn when there is none."""
    row = connection.execute(select(replies).where(replies.c.id == reply_id)).one_or_none()
    if row is None:
        raise MovedOn("There is no such reply.")
    return row


def move_case(
    connection: Connection,
    key: bytes,
    case_id: int,
    to: CaseState,
    *,
    who: str,
    why: str,
    now: datetime,
    note: str | None = None,
    **also: Any,
) -> None:
    """Move a case, with a name on it. Raises MovedOn when the life cycle forbids it or somebody was quicker."""
    row = case_row(connection, case_id)
    was = CaseState(row.state)
    if not may_move_case(was, to) and (told := who_was_first(connection, row, "case", who, now)):
        raise MovedOn(told)
    check_case_move(was, to)
    moved = connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.state == was)
        .values(state=to, changed_at=now, **(_marks(who) | also))
    )
    if moved.rowcount != 1:
        raise MovedOn("Somebody else just changed this case.")
    write(connection, key, row.brand, case_id, "case", case_id, was, to, who, why, now, note)


def _marks(who: str) -> dict[str, Any]:
    # A person looked at it and acted: nothing is parked any more and the machine may not retract it.
    return {"touched": True, "parked_why": None} if is_person(who) else {}


def move_reply(
    connection: Connection,
    key: bytes,
    row: Row[Any],
    to: ReplyState,
    *,
    who: str,
    why: str,
    now: datetime,
    **also: Any,
) -> None:
    """Move a reply as it was read, only if its state and fence still hold. Raises MovedOn."""
    was = ReplyState(row.state)
    if not may_move_reply(was, to) and (told := who_was_first(connection, row, "reply", who, now, row.case_id)):
        raise MovedOn(told)
    check_reply_move(was, to)
    where = [replies.c.id == row.id, replies.c.state == was, replies.c.fence == row.fence]
    moved = connection.execute(update(replies).where(*where).values(state=to, changed_at=now, **also))
    if moved.rowcount != 1:
        raise MovedOn("Somebody else just changed this reply.")
    write(connection, key, row.brand, row.case_id, "reply", row.id, was, to, who, why, now)


def write(
    connection: Connection,
    key: bytes,
    brand: str,
    case_id: int,
    thing: str,
    thing_id: int,
    was: str,
    now_is: str,
    who: str,
    why: str,
    now: datetime,
    note: str | None = None,
) -> None:
    """Append one row of history. `why` is ours (at most 255 characters); what people or strangers say goes into `note`."""
    last = connection.execute(
        select(history.c.seq, history.c.chain)
        .where(history.c.case_id == case_id)
        .order_by(history.c.seq.desc())
        .limit(1)
    ).one_or_none()
    seq, before = (last.seq + 1, last.chain) if last else (1, "")
    note = storable(note)  # as it will be read again, or its hash would call it changed
    note_id = _keep_note(connection, brand, case_id, who, note, now) if note else None
    note_hash = hmac.new(key, (note or "").encode(), hashlib.sha256).hexdigest()
    links = (case_id, seq, thing, thing_id, was, now_is, who, why[:255], note_hash)
    connection.execute(
        insert(history).values(
            brand=brand,
            case_id=case_id,
            seq=seq,
            who=who,
            thing=thing,
            thing_id=thing_id,
            was=str(was),
            now_is=str(now_is),
            why=why[:255],
            note_id=note_id,
            note_hash=note_hash,
            chain=link(before, links, now),
            at=now,
        )
    )


def link(before: str, links: tuple[object, ...], at: datetime) -> str:
    """The chain's next link, in hex."""
    told = "\x1f".join((before, *(str(part) for part in links), at.isoformat()))
    return hashlib.sha256(told.encode()).hexdigest()


def _keep_note(connection: Connection, brand: str, case_id: int, who: str, text: str, now: datetime) -> int:
    kept = connection.execute(insert(notes).values(brand=brand, case_id=case_id, by=who, text=text, at=now))
    return new_id(kept)


def next_turn(
    connection: Connection,
    key: bytes,
    case_id: int,
    *,
    why: str,
    now: datetime,
    withdraw: bool = True,
) -> None:
    """Something the owner must see happened: earlier approvals no longer count, and what was held is taken back and told."""
    connection.execute(
        update(cases).where(cases.c.id == case_id).values(turn=cases.c.turn + 1, changed_at=now, snoozed_until=None)
    )
    if withdraw:
        withdraw_held(connection, key, case_id, why=why, now=now)


def withdraw_held(
    connection: Connection, key: bytes, case_id: int, *, why: str, now: datetime, who: str = MACHINE
) -> int:
    """Take back every reply of the case that is approved and still held; park the case so that a person is told.

    A reply to be posted by hand is in a person's hands already: only a person takes it back, the machine just says why to look again.
    """
    ours = is_person(who)
    waiting = connection.execute(
        select(replies).where(
            replies.c.case_id == case_id, replies.c.state.in_((ReplyState.APPROVED, ReplyState.BY_HAND))
        )
    ).all()
    held = [row for row in waiting if ours or row.state == ReplyState.APPROVED]
    for row in held:
        move_reply(connection, key, row, ReplyState.WITHDRAWN, who=who, why=why, now=now)
    if held and not ours:
        park(connection, case_id, f"{NOT_POSTED} {why}")
    elif waiting and not ours:
        park(connection, case_id, f"Look again before you post your reply by hand: {why}")
    return len(held)


def park(connection: Connection, case_id: int, why: str) -> None:
    """Mark a case for a person, with the reason."""
    connection.execute(update(cases).where(cases.c.id == case_id).values(parked_why=why))


def touch(connection: Connection, case_id: int) -> None:
    """A person acted on a reply of the case: what it was parked for is settled.

    What tells of a reply that is not there any more stays: whoever acted may not have seen it, because it came while they were pressing.
    """
    gone = or_(*(cases.c.parked_why.startswith(told, autoescape=True) for told in (NOT_POSTED, TAKEN_BACK)))
    stays = case((gone, cases.c.parked_why), else_=None)
    connection.execute(update(cases).where(cases.c.id == case_id).values(touched=True, parked_why=stays))


def last_move(connection: Connection, case_id: int) -> Row[Any] | None:
    """The newest row of a case's history."""
    return connection.execute(
        select(history).where(history.c.case_id == case_id).order_by(history.c.seq.desc()).limit(1)
    ).one_or_none()

"""Claiming: whether an approved reply may still go out, and its payload, frozen before any socket is opened."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.casebook.approving import do_not_contact
from storage.casebook.moves import case_row
from storage.tables import posts, proposals, replies
from storage.words import Audience, CaseState, Purpose, Reply, ReplyState


def why_not(connection: Connection, row: Row[Any]) -> str | None:
    """Why an approved reply may not go out any more; None when it may."""
    case = case_row(connection, row.case_id)
    if case.turn != row.seen_turn:
        return "The customer wrote, edited or deleted something after you approved. Look again."
    if CaseState(case.state) is CaseState.DISMISSED:
        return "The case was dismissed."
    if do_not_contact(connection, case.customer_id):
        return "The customer asked for no more messages."
    parent = connection.execute(select(posts).where(posts.c.id == row.parent_post)).one()
    if parent.deleted_at is not None:
        return "The customer deleted the post."
    if row.seen_version != parent.version:
        return "The customer edited the post after you approved. Look again."
    return None


def freeze(connection: Connection, row: Row[Any], now: datetime) -> Reply:
    """All that a place needs to post this reply, and to find it again, as it is at this claim."""
    parent = connection.execute(select(posts).where(posts.c.id == row.parent_post)).one()
    language = connection.execute(select(proposals.c.language).where(proposals.c.id == row.proposal_id)).scalar()
    return Reply(
        id=row.id,
        brand=row.brand,
        case_id=row.case_id,
        place=row.place,
        account=row.account,
        key=row.key,
        parent_id=parent.reply_to,
        conversation_id=parent.conversation_id,
        customer_handle=parent.author_handle,
        audience=Audience(row.audience),
        purpose=Purpose(row.purpose),
        text=row.approved_text,
        sent_at=now,
        attempt=row.attempt + 1,
        fence=row.fence + 1,
        parent_ids=tuple(dict.fromkeys((parent.native_id, parent.reply_to))),
        known_ids=_known_ids(connection, row),
        parent_url=parent.url,
        approved_at=row.approved_at,
        language=language or "",
        first_sent_at=_first_sent(row),
        parent_at=parent.created_at,
    )


def looked_for(connection: Connection, row: Row[Any]) -> Reply:
    """The reply of a claim as a look asks for it: what is known by now to be another reply is not taken for it."""
    return replace(thaw(row), known_ids=_known_ids(connection, row))


def _known_ids(connection: Connection, row: Row[Any]) -> tuple[str, ...]:
    known = connection.execute(
        select(replies.c.native_id).where(
            replies.c.place == row.place,
            replies.c.parent_id == row.parent_id,
            replies.c.native_id.is_not(None),
            replies.c.id != row.id,
        )
    ).scalars()
    return tuple(str(one) for one in known)


def may_be_another(connection: Connection, row: Row[Any]) -> bool:
    """Whether what a look found may be another reply of ours: one is up under the same post, and nobody told us its id."""
    nameless = select(replies.c.id).where(
        replies.c.place == row.place,
        replies.c.parent_post == row.parent_post,
        replies.c.audience == row.audience,
        replies.c.state == ReplyState.POSTED,
        replies.c.native_id.is_(None),
        replies.c.id != row.id,
    )
    return connection.execute(nameless).first() is not None


def _first_sent(row: Row[Any]) -> datetime | None:
    """When the first claim was made whose request may have arrived; None where none can have."""
    if row.payload is None:
        return None
    earlier = thaw(row)
    return earlier.first_sent_at or earlier.sent_at


def left_of_nothing(row: Row[Any]) -> str | None:
    """What stays of a claim of which nothing went out: none of it, unless a claim before it may have arrived."""
    return row.payload if thaw(row).first_sent_at is not None else None


def to_payload(reply: Reply) -> str:
    """The reply as it is kept with its claim."""
    approved_at = reply.approved_at.isoformat() if reply.approved_at is not None else None
    first = reply.first_sent_at.isoformat() if reply.first_sent_at is not None else None
    parent = reply.parent_at.isoformat() if reply.parent_at is not None else None
    instants = {
        "sent_at": reply.sent_at.isoformat(),
        "approved_at": approved_at,
        "first_sent_at": first,
        "parent_at": parent,
    }
    told = asdict(reply) | instants
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def thaw(row: Row[Any]) -> Reply:
    """The reply of a claim that was made earlier, by whichever process."""
    told = json.loads(row.payload)
    # A claim made by an older version lacks some.
    approved_at, first, parent = (told.get(name) for name in ("approved_at", "first_sent_at", "parent_at"))
    return Reply(
        **told
        | {
            "sent_at": datetime.fromisoformat(told["sent_at"]),
            "approved_at": datetime.fromisoformat(approved_at) if approved_at else None,
            "first_sent_at": datetime.fromisoformat(first) if first else None,
            "parent_at": datetime.fromisoformat(parent) if parent else None,
            "audience": Audience(told["audience"]),
            "purpose": Purpose(told["purpose"]),
            "parent_ids": tuple(told["parent_ids"]),
            "known_ids": tuple(told["known_ids"]),
            "fence": row.fence,
            "attempt": row.attempt,  # the same as frozen, unless a backup was put back since (see restoring)
        }
    )

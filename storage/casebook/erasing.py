"""Erasing: every word of a forgotten customer, and every word said to them, in the caller's transaction.

Texts become empty and ids become numbers of ours; the rows stay, so that counts, moves and the history's chain hold. Where each
table's personal data stands is written here once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, String, cast, delete, func, literal, or_, select, update

from storage.casebook.forgotten import NAMELESS
from storage.casebook.lessons import unteach
from storage.lifecycle import MovedOn
from storage.tables import (
    cases,
    customers,
    mentions,
    notes,
    post_texts,
    posts,
    proposals,
    quarantine,
    replies,
    resolutions,
    verdicts,
)
from storage.words import ReplyState

ON_THE_WAY = (ReplyState.SENDING, ReplyState.UNCERTAIN)
HELD = (ReplyState.APPROVED, ReplyState.BY_HAND, ReplyState.REFUSED)
"""Replies that could still be made to go out."""


def erase_customers(connection: Connection, ids: Sequence[int], tombstone: int) -> None:
    """The customer's names and id, under every brand that knows them."""
    connection.execute(
        update(customers)
        .where(customers.c.id.in_(ids))
        .values(native_id=_nameless(customers.c.id), handle="", name="", forgotten=tombstone)
    )


def erase_posts(connection: Connection, theirs: Sequence[Row[Any]], now: Any, tombstone: int) -> None:
    """What they wrote, in every version, and what leads to it."""
    ids = [row.id for row in theirs]
    connection.execute(
        update(post_texts).where(post_texts.c.post_id.in_(ids)).values(title="", text="", fingerprint=None)
    )
    connection.execute(
        update(posts)
        .where(posts.c.id.in_(ids))
        .values(
            native_id=_nameless(posts.c.id),
            reply_to=_nameless(posts.c.id),
            conversation_id=_nameless(posts.c.id),
            parent_id=None,
            author_id=f"{NAMELESS}{tombstone}",
            author_handle="",
            author_name="",
            url=None,
            addressed=[],
            deleted_at=func.coalesce(posts.c.deleted_at, literal(now, posts.c.deleted_at.type)),
        )
    )
    told = select(mentions.c.id).where(mentions.c.post_id.in_(ids))
    connection.execute(
        update(verdicts).where(verdicts.c.mention_id.in_(told)).values(reasons=[], shares=[], vector=None)
    )
    connection.execute(update(mentions).where(mentions.c.post_id.in_(ids)).values(aside=None, again_at=None))
    unteach(connection, ids, now)


def our_answers(connection: Connection, theirs: Sequence[Row[Any]], of_cases: Sequence[int]) -> Sequence[Row[Any]]:
    """Posts by our own accounts under theirs: they greet by name and say what it was about."""
    named = {name for row in theirs for name in (row.native_id, row.reply_to)}
    places = {row.place for row in theirs}
    up = select(replies.c.native_id).where(replies.c.case_id.in_(of_cases), replies.c.native_id.is_not(None))
    return connection.execute(
        select(posts).where(
            posts.c.by_account.is_not(None),
            posts.c.place.in_(places),
            or_(posts.c.parent_id.in_(named), posts.c.native_id.in_(up)),
        )
    ).all()


def erase_answers(connection: Connection, ours: Sequence[Row[Any]]) -> None:
    """The texts of our own posts. Their ids stay: they are ours, and taking one down needs it."""
    ids = [row.id for row in ours]
    connection.execute(
        update(post_texts).where(post_texts.c.post_id.in_(ids)).values(title="", text="", fingerprint=None)
    )
    connection.execute(
        update(posts)
        .where(posts.c.id.in_(ids))
        .values(url=None, addressed=[], parent_id=None, conversation_id=_nameless(posts.c.id))
    )


def erase_cases(connection: Connection, ids: Sequence[int]) -> tuple[int, int, int]:
    """Everything written on their cases; gives how many proposals, replies and notes. Raises MovedOn when a reply is on its way."""
    connection.execute(
        update(cases).where(cases.c.id.in_(ids)).values(conversation_id=_nameless(cases.c.id), parked_why=None)
    )
    proposed = connection.execute(
        update(proposals).where(proposals.c.case_id.in_(ids)).values(text="", findings=[], reach_why="")
    ).rowcount
    replied = _erase_replies(connection, ids)
    noted = connection.execute(delete(notes).where(notes.c.case_id.in_(ids))).rowcount
    connection.execute(
        update(resolutions).where(resolutions.c.case_id.in_(ids)).values(cause="", remedy="", prevention="")
    )
    return proposed, replied, noted


def _erase_replies(connection: Connection, of_cases: Sequence[int]) -> int:
    here = replies.c.case_id.in_(of_cases)
    approved = replies.c.approved_by.is_not(None)
    connection.execute(update(replies).where(here, approved).values(approved_text=""))
    erased = connection.execute(
        update(replies)
        .where(here, replies.c.state.not_in(ON_THE_WAY))
        .values(payload=None, url=None, why=None, parent_id=_nameless(replies.c.parent_post))
    ).rowcount
    if erased != connection.execute(select(func.count()).where(here)).scalar_one():
        raise MovedOn("A reply to them began to go out just now. Nothing was erased; try again in a few minutes.")
    return erased


SHORTEST_NAME = 3
"""Characters from which a name or id is looked for in what could not be read; a shorter one is found everywhere."""


def erase_poison(connection: Connection, names: Iterable[str], ids: Iterable[str]) -> int:
    """What could not be read of theirs: by its id, or because it names them, on whatever place. Gives how many."""
    known, told = set(ids), [re.escape(name) for name in names if len(name) >= SHORTEST_NAME]
    naming = re.compile(rf"(?<!\w)(?:{'|'.join(told)})(?!\w)", re.IGNORECASE) if told else None
    rows = connection.execute(select(quarantine.c.id, quarantine.c.native_id, quarantine.c.raw, quarantine.c.why)).all()
    gone = [
        row.id
        for row in rows
        if row.native_id in known or (naming is not None and naming.search(f"{row.raw}\n{row.why}") is not None)
    ]
    connection.execute(delete(quarantine).where(quarantine.c.id.in_(gone)))
    return len(gone)


def _nameless(number: Any) -> Any:
    return literal(NAMELESS) + cast(number, String)

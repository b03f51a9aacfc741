"""What tells of illness, injury or allergies is erased early: when its case is long done, nobody needs the words any more.

The moves stay, as they do when a person is forgotten, and what the post and our answer were called is remembered as keyed hashes, so that
later polls bring nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, or_, select, update

from storage.casebook import erasing
from storage.casebook.forgotten import NAMELESS, POST, hash_of, keep_tombstone
from storage.casebook.moves import MACHINE, move_reply, write
from storage.lifecycle import LIVE_CASES
from storage.tables import cases, mentions, posts, replies, verdicts
from storage.words import ReplyState

MOST_AT_ONCE = 50
_WHY = "It told of somebody's health and is long done: what was written is erased."


def done_cases(connection: Connection, before: datetime) -> list[int]:
    """Cases that told of somebody's health and were done before a time, oldest first, but for those whose answer may be on its way."""
    on_the_way = exists().where(
        replies.c.case_id == cases.c.id,
        or_(replies.c.state.in_(erasing.ON_THE_WAY), replies.c.removal_due_at.is_not(None)),
    )
    rows = connection.execute(
        select(cases.c.id)
        .where(
            cases.c.sensitive,
            cases.c.state.not_in(sorted(LIVE_CASES)),
            cases.c.changed_at <= before,
            cases.c.erased_at.is_(None),
            ~on_the_way,
        )
        .order_by(cases.c.changed_at, cases.c.id)
        .limit(MOST_AT_ONCE)
    )
    return [int(row) for row in rows.scalars()]


def loose_posts(connection: Connection, before: datetime) -> list[int]:
    """Posts that told of somebody's health, were found before a time and belong to no case that still has its words."""
    any_brands = mentions.alias()
    in_case = exists().where(
        any_brands.c.post_id == posts.c.id, any_brands.c.case_id == cases.c.id, cases.c.erased_at.is_(None)
    )
    rows = connection.execute(
        select(posts.c.id)
        .distinct()
        .join(mentions, mentions.c.post_id == posts.c.id)
        .join(verdicts, verdicts.c.mention_id == mentions.c.id)
        .where(
            verdicts.c.sensitive,
            mentions.c.found_at <= before,
            posts.c.by_account.is_(None),
            posts.c.author_id.not_like(f"{NAMELESS}%"),
            ~in_case,
        )
        .order_by(posts.c.id)
        .limit(MOST_AT_ONCE)
    )
    return [int(row) for row in rows.scalars()]


def erase_health(connection: Connection, key: bytes, before: datetime, now: datetime) -> int:
    """Erase what is due, in the caller's transaction; gives how many cases and loose posts. Raises MovedOn."""
    ids = done_cases(connection, before)
    for row in connection.execute(select(cases).where(cases.c.id.in_(ids)).with_for_update()).all():
        _erase_case(connection, key, row, now)
    loose = loose_posts(connection, before)
    for post in connection.execute(select(posts).where(posts.c.id.in_(loose))).all():
        _erase_post(connection, key, post, now)
    return len(ids) + len(loose)


def _erase_case(connection: Connection, key: bytes, case: Row[Any], now: datetime) -> None:
    held = select(replies).where(replies.c.case_id == case.id, replies.c.state.in_(erasing.HELD))
    for reply in connection.execute(held).all():
        move_reply(connection, key, reply, ReplyState.WITHDRAWN, who=MACHINE, why=_WHY, now=now)
    theirs = _their_posts(connection, case.id)
    ours = erasing.our_answers(connection, theirs, [case.id])
    for post in ours:
        _remember(connection, key, post, now)
    connection.execute(
        update(cases).where(cases.c.id == case.id).values(erased_at=now)
    )  # from here on they may be emptied
    erasing.erase_cases(connection, [case.id])
    erasing.erase_answers(connection, ours)
    for post in theirs:
        _erase_post(connection, key, post, now)
    write(connection, key, case.brand, case.id, "case", case.id, case.state, case.state, MACHINE, _WHY, now)


def _their_posts(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """What was written in a case by others than us, but for what another brand still works on."""
    other = mentions.alias()
    elsewhere = exists().where(
        other.c.post_id == posts.c.id,
        other.c.case_id == cases.c.id,
        cases.c.id != case_id,
        cases.c.state.in_(sorted(LIVE_CASES)),
    )
    return connection.execute(
        select(posts)
        .join(mentions, mentions.c.post_id == posts.c.id)
        .where(mentions.c.case_id == case_id, posts.c.by_account.is_(None), ~elsewhere)
    ).all()


def _erase_post(connection: Connection, key: bytes, post: Row[Any], now: datetime) -> None:
    erasing.erase_posts(connection, [post], now, _remember(connection, key, post, now))


def _remember(connection: Connection, key: bytes, post: Row[Any], now: datetime) -> int:
    """Keep the post's ids as hashes; gives the number of one."""
    names = sorted({post.native_id, post.reply_to} - {""})
    return max(
        keep_tombstone(connection, POST, post.place, hash_of(key, POST, post.place, name), now) for name in names
    )

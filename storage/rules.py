"""The rules that hold in every base, each in words, with the function that finds whatever breaks it.

Most are CHECK and UNIQUE constraints too; these are looked at all the same, because a base may have been written by something else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from storage.casebook.moves import is_person
from storage.lifecycle import LIVE_CASES, REPLY_BIRTHS, SPENT_REPLIES, may_move_case, may_move_reply
from storage.tables import (
    accounts,
    cases,
    customers,
    history,
    mentions,
    post_texts,
    posts,
    proposals,
    replies,
    resolutions,
)
from storage.words import CaseState, Origin, ReplyState

Find = Callable[[Connection], Sequence[str]]

WENT_OUT = (ReplyState.SENDING, ReplyState.POSTED, ReplyState.UNCERTAIN, ReplyState.REMOVED)
"""States of a reply that has, or may have, gone out."""


def _rows(query: Select[Any], says: str) -> Find:
    """A rule broken by every row of a query; `says` is filled in with its columns."""

    def find(connection: Connection) -> Sequence[str]:
        return [says.format(*row) for row in connection.execute(query)]

    return find


_of_reply = "case {0}, reply {1}"

_unsigned = select(replies.c.case_id, replies.c.id).where(
    replies.c.origin != Origin.OUTSIDE,
    or_(replies.c.approved_by.is_(None), replies.c.approved_at.is_(None), replies.c.approved_text.is_(None)),
)
_other_words = (
    select(replies.c.case_id, replies.c.id)
    .join(proposals, proposals.c.id == replies.c.proposal_id)
    .where(replies.c.approved_text != proposals.c.text)
)
_timeless = select(replies.c.case_id, replies.c.id).where(
    or_(
        and_(replies.c.state.in_((ReplyState.POSTED, ReplyState.REMOVED)), replies.c.posted_at.is_(None)),
        and_(replies.c.state.not_in((ReplyState.POSTED, ReplyState.REMOVED)), replies.c.posted_at.is_not(None)),
    )
)
_unfrozen = select(replies.c.case_id, replies.c.id).where(
    replies.c.state.in_((ReplyState.SENDING, ReplyState.UNCERTAIN)),
    or_(replies.c.payload.is_(None), replies.c.sent_at.is_(None)),
)
_twice_live = (
    select(func.min(cases.c.id), func.max(cases.c.id))
    .where(cases.c.state.in_(sorted(LIVE_CASES)))
    .group_by(cases.c.brand, cases.c.customer_id, cases.c.conversation_id)
    .having(func.count() > 1)
)
_twice_said = (
    select(func.min(replies.c.case_id), func.min(replies.c.id), func.max(replies.c.id))
    .where(replies.c.state.not_in(sorted(SPENT_REPLIES)))
    .group_by(replies.c.place, replies.c.account, replies.c.parent_id, replies.c.purpose)
    .having(func.count() > 1)
)
_twice_up = (
    select(func.min(replies.c.id), func.max(replies.c.id))
    .where(replies.c.native_id.is_not(None))
    .group_by(replies.c.brand, replies.c.place, replies.c.native_id)
    .having(func.count() > 1)
)
_whose = (
    select(cases.c.id)
    .join(customers, customers.c.id == cases.c.customer_id)
    .join(posts, posts.c.id == cases.c.complaint_id)
    .where(or_(customers.c.brand != cases.c.brand, customers.c.place != cases.c.place, posts.c.place != cases.c.place))
)
_strayed = (
    select(replies.c.case_id, replies.c.id)
    .join(cases, cases.c.id == replies.c.case_id)
    .join(posts, posts.c.id == replies.c.parent_post)
    .where(or_(replies.c.brand != cases.c.brand, replies.c.place != cases.c.place, posts.c.place != replies.c.place))
)
_no_mention = select(cases.c.id).where(
    ~exists().where(mentions.c.case_id == cases.c.id, mentions.c.brand == cases.c.brand)
)
_wordless = select(posts.c.id, posts.c.version).where(
    ~exists().where(post_texts.c.post_id == posts.c.id, post_texts.c.version == posts.c.version)
)
_ours = (
    select(posts.c.id)
    .join(mentions, mentions.c.post_id == posts.c.id)
    .join(accounts, and_(accounts.c.id == posts.c.by_account, accounts.c.brand == mentions.c.brand))
    .where(mentions.c.case_id.is_not(None))
)
_unresolved = select(cases.c.id).where(
    cases.c.state == CaseState.RESOLVED, ~exists().where(resolutions.c.case_id == cases.c.id)
)


def _frozen_words(connection: Connection) -> Sequence[str]:
    """What is on its way must be what was approved, word for word."""
    rows = connection.execute(
        select(replies.c.case_id, replies.c.id, replies.c.payload, replies.c.approved_text, replies.c.key).where(
            replies.c.payload.is_not(None)
        )
    )
    return [f"case {row.case_id}, reply {row.id}" for row in rows if not _is_frozen(row)]


def _is_frozen(row: Any) -> bool:
    try:
        told = json.loads(row.payload)
        return bool((told["text"], told["key"], told["id"]) == (row.approved_text, row.key, row.id))
    except (ValueError, KeyError, TypeError):
        return False


def _moves(connection: Connection) -> Sequence[str]:
    """Every row of history must be a move that the life cycle allows, from where the one before it ended."""
    rows = connection.execute(
        select(history.c.case_id, history.c.seq, history.c.thing, history.c.thing_id, history.c.was, history.c.now_is)
        .order_by(history.c.case_id, history.c.seq)
    )  # fmt: skip
    return list(_wrong_moves(rows))


def _wrong_moves(rows: Any) -> Iterator[str]:
    where: dict[tuple[str, int], str] = {}
    for row in rows:
        thing = (row.thing, row.thing_id)
        known = where.get(thing, "")
        if row.was != known or not _may(row.thing, row.was, row.now_is):
            yield f"case {row.case_id}, row {row.seq}: {row.thing} {row.thing_id} cannot go from {known or 'nothing'} to {row.now_is}"
        where[thing] = row.now_is


def _may(thing: str, was: str, now_is: str) -> bool:
    if was == now_is:
        return True  # a note, or something that is no state
    try:
        if thing == "case":
            return now_is == CaseState.OPEN if not was else may_move_case(CaseState(was), CaseState(now_is))
        return ReplyState(now_is) in REPLY_BIRTHS if not was else may_move_reply(ReplyState(was), ReplyState(now_is))
    except ValueError:
        return False


def _approved_by_people(connection: Connection) -> Sequence[str]:
    """Nothing may have gone out that no person said yes to."""
    rows = connection.execute(
        select(replies.c.case_id, replies.c.id, replies.c.approved_by).where(
            replies.c.origin != Origin.OUTSIDE, replies.c.state.in_(WENT_OUT)
        )
    )
    return [f"case {row.case_id}, reply {row.id}" for row in rows if not is_person(row.approved_by or "")]


RULES: tuple[tuple[str, Find], ...] = (
    ("every reply of ours has a person's yes, its time and its text", _rows(_unsigned, _of_reply)),
    ("nothing went out without a person's yes", _approved_by_people),
    ("what was approved is what was proposed, word for word", _rows(_other_words, _of_reply)),
    ("what goes out is what was approved, word for word", _frozen_words),
    ("what may have gone out was written down first", _rows(_unfrozen, _of_reply)),
    ("a reply has the time of its posting when it was posted, and only then", _rows(_timeless, _of_reply)),
    ("no reply to the same post for the same purpose is there twice", _rows(_twice_said, "case {0}, replies {1} and {2}")),
    ("no post of ours is taken for two replies", _rows(_twice_up, "replies {0} and {1}")),
    ("a reply belongs to its case's brand and place", _rows(_strayed, _of_reply)),
    ("one live case per customer and conversation", _rows(_twice_live, "cases {0} and {1}")),
    ("a case belongs to its customer's and its complaint's place", _rows(_whose, "case {0}")),
    ("a case has a mention that raised it", _rows(_no_mention, "case {0}")),
    ("a post of our own raises no case", _rows(_ours, "post {0}")),
    ("every post has its newest text", _rows(_wordless, "post {0}, version {1}")),
    ("a case that was made good says how", _rows(_unresolved, "case {0}")),
    ("every move in the history is one that may be made", _moves),
)  # fmt: skip
"""Every rule, in the order in which it is looked at."""

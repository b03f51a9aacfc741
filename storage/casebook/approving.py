"""Approving: what has to hold before a person's yes becomes a reply, and the reply that it makes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, or_, select, update

from storage.casebook.brands import one_brand
from storage.casebook.cases import check_seen
from storage.casebook.forgotten import check_remembered
from storage.casebook.moves import name_of, write
from storage.casebook.shelf import new_id
from storage.casebook.telling import clock, who_was_first
from storage.lifecycle import LIVE_CASES, SPENT_REPLIES, MovedOn
from storage.tables import accounts, cases, customers, posts, proposals, replies
from storage.words import CaseState, Origin, Purpose, ReachHow, ReplyState

NEVER_ANYWAY = frozenset({"placeholder", "too_long"})
"""Findings that no "post anyway" overrides: the place would refuse the text, or it would shame the brand."""


UNSETTLED = (ReplyState.APPROVED, ReplyState.SENDING, ReplyState.UNCERTAIN, ReplyState.BY_HAND)
"""Replies that may still go up under their post."""


class Blocked(MovedOn):
    """The apology check asks for a change before this text may go out."""


def proposal_row(connection: Connection, proposal_id: int) -> Row[Any]:
    """The proposal as it was stored. Raises MovedOn when there is none."""
    row = connection.execute(select(proposals).where(proposals.c.id == proposal_id)).one_or_none()
    if row is None:
        raise MovedOn("There is no such proposal.")
    return row


def check_approval(
    connection: Connection, case: Row[Any], proposal: Row[Any], seen: int, anyway: bool, by: str, now: datetime
) -> None:
    """Raises MovedOn when the proposal may not be approved in sight of turn `seen`, Blocked for what the check found in it."""
    check_remembered(connection, case)
    check_seen(connection, case, seen, now)
    if proposal.turn != case.turn:
        raise MovedOn("This text was proposed before the customer moved on. Look at the new one.")
    if CaseState(case.state) not in LIVE_CASES and proposal.purpose not in (
        Purpose.CLOSE,
        Purpose.CORRECT,
    ):
        told = who_was_first(connection, case, "case", by, now) or f"This case is {case.state}."
        raise MovedOn(f"{told} Open it again to answer.")
    if do_not_contact(connection, case.customer_id):
        raise MovedOn("This customer asked for no more messages.")
    if proposal.reach == ReachHow.NONE:
        raise MovedOn(f"This post cannot be answered: {proposal.reach_why}")
    blocking = [finding for finding in proposal.findings if finding["blocks"]]
    never = [finding for finding in blocking if finding["code"] in NEVER_ANYWAY]
    for finding in never or ([] if anyway else blocking):
        raise Blocked(str(finding["says"]))


def make_reply(
    connection: Connection,
    key: bytes,
    case: Row[Any],
    proposal: Row[Any],
    by: str,
    now: datetime,
    hold: timedelta,
) -> int:
    """The reply that an approval makes; gives its id. Raises MovedOn when another answers the same post."""
    parent = connection.execute(select(posts).where(posts.c.id == proposal.parent_post)).one()
    account = _account(connection, case)
    _check_not_twice(connection, parent, account, proposal, by, now)
    check_alone(connection, None, case.brand, parent.id, proposal.audience)
    by_hand = proposal.reach == ReachHow.BY_HAND
    state = ReplyState.BY_HAND if by_hand else ReplyState.APPROVED
    added = connection.execute(
        insert(replies).values(
            brand=case.brand,
            case_id=case.id,
            proposal_id=proposal.id,
            place=case.place,
            account=account,
            parent_id=parent.native_id,
            parent_post=parent.id,
            audience=proposal.audience,
            purpose=proposal.purpose,
            origin=Origin.BY_HAND if by_hand else Origin.HERE,
            state=state,
            key=uuid4().hex,
            approved_by=by,
            approved_at=now,
            approved_text=proposal.text,
            seen_turn=case.turn,
            seen_post=parent.id,
            seen_version=parent.version,
            due_at=None if by_hand else now + hold,
            corrects=proposal.corrects,
            changed_at=now,
        )
    )
    reply_id = new_id(added)
    why = "Approved, to be posted by hand." if by_hand else "Approved."
    write(connection, key, case.brand, case.id, "reply", reply_id, "", state, by, why, now)
    connection.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(touched=True, parked_why=None, snoozed_until=None, changed_at=now)
    )
    return reply_id


def check_alone(connection: Connection, reply_id: int | None, brand: str, parent_post: int, audience: str) -> None:
    """Raise MovedOn while another reply under the same post is not settled: of two, nobody could tell which one a look finds."""
    other = connection.execute(
        select(replies).where(
            replies.c.brand == brand,
            replies.c.parent_post == parent_post,
            replies.c.audience == audience,
            replies.c.state.in_(UNSETTLED),
            replies.c.id != (reply_id or 0),
        )
    ).first()
    if other is None:
        return
    who = name_of(connection, other.approved_by)
    waits = "still to be posted by hand" if other.state == ReplyState.BY_HAND else "still on its way"
    raise MovedOn(
        f"Another reply to this post, approved by {who}, is {waits}. One at a time: settle or take back that one first."
    )


def _check_not_twice(
    connection: Connection, parent: Row[Any], account: str, proposal: Row[Any], by: str, now: datetime
) -> None:
    other = connection.execute(
        select(replies).where(
            replies.c.place == parent.place,
            # An account may be renamed between two approvals; the customer would be answered twice all the same.
            or_(replies.c.account == account, replies.c.brand == proposal.brand),
            replies.c.parent_id == parent.native_id,
            replies.c.purpose == proposal.purpose,
            replies.c.state.not_in(sorted(SPENT_REPLIES)),
        )
    ).first()
    if other is None:
        return
    posted = other.state == ReplyState.POSTED
    done = "has been posted" if posted else "is already on its way"
    at = other.posted_at if posted else other.approved_at
    when = f", {clock(connection, other.brand, at, now)}" if at is not None else ""
    if other.approved_by == by:
        raise MovedOn(f"You already said yes to a reply to this post{when}. It will not be sent twice.")
    who = name_of(connection, other.approved_by)
    raise MovedOn(f"{who} was quicker{when}: a reply to this post {done}. It will not be sent twice.")


def do_not_contact(connection: Connection, customer_id: int) -> bool:
    """Whether the customer asked for no more messages."""
    return (
        connection.execute(
            select(customers.c.id).where(customers.c.id == customer_id, customers.c.do_not_contact_at.is_not(None))
        ).first()
        is not None
    )


def _account(connection: Connection, case: Row[Any]) -> str:
    known = (
        connection.execute(
            select(accounts.c.handle)
            .where(accounts.c.brand == case.brand, accounts.c.place == case.place)
            .order_by(accounts.c.id)
        )
        .scalars()
        .first()
    )
    return str(known or one_brand(connection, case.brand).handles.get(case.place, ""))

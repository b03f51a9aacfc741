"""One case with everything about it, read in one moment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, or_, select

from storage.casebook.posts import as_post, with_texts
from storage.tables import (
    cases,
    customers,
    history,
    mentions,
    notes,
    post_texts,
    posts,
    proposals,
    replies,
    resolutions,
    verdicts,
)
from storage.views import (
    CaseFile,
    CaseView,
    Customer,
    Move,
    ProposalView,
    ReplyView,
    Resolution,
    ThreadPost,
)
from storage.words import (
    Audience,
    CaseState,
    Finding,
    Kind,
    Origin,
    Purpose,
    Reach,
    ReachHow,
    Reason,
    ReplyState,
    Topic,
    Verdict,
)

THREAD_LIMIT = 200
"""Posts of a conversation that are shown; a longer one is seen on the site itself."""


def read_case_file(connection: Connection, case_id: int) -> CaseFile | None:
    """The whole file, or None when there is no such case."""
    case = connection.execute(select(cases).where(cases.c.id == case_id)).one_or_none()
    if case is None:
        return None
    customer = connection.execute(select(customers).where(customers.c.id == case.customer_id)).one()
    thread = _thread(connection, case, customer)
    complaint = next(one for one in thread if one.id == case.complaint_id)
    mine = _mentioned(connection, case_id)
    standing = [one for one in thread if one.id in mine and one.deleted_at is None]
    return CaseFile(
        case=as_case(case),
        customer=_customer(customer),
        thread=thread,
        complaint=complaint,
        last=standing[-1] if standing else complaint,
        verdict=_verdict(connection, case_id),
        proposals=_proposals(connection, case),
        replies=_replies(connection, case_id),
        earlier=_earlier(connection, case),
        history=_history(connection, case_id),
        resolution=_resolution(connection, case_id),
    )


def _thread(connection: Connection, case: Row[Any], customer: Row[Any]) -> tuple[ThreadPost, ...]:
    in_case = select(mentions.c.post_id).where(mentions.c.case_id == case.id)
    rows = connection.execute(
        with_texts()
        .where(
            or_(
                (posts.c.place == case.place) & (posts.c.conversation_id == case.conversation_id),
                posts.c.id.in_(in_case),
                posts.c.id == case.complaint_id,
            )
        )
        .order_by(
            posts.c.id != case.complaint_id,
            posts.c.id.not_in(in_case),
            posts.c.created_at.desc(),
            posts.c.id.desc(),
        )
        .limit(THREAD_LIMIT)
    ).all()
    ordered = sorted(rows, key=lambda row: (row.created_at, row.id))
    return tuple(
        ThreadPost(
            id=row.id,
            post=as_post(row),
            version=row.version,
            by=_by(row, customer),
            deleted_at=row.deleted_at,
            edited=row.version > 1 or row.edited_at is not None,
        )
        for row in ordered
    )


def _by(row: Row[Any], customer: Row[Any]) -> str:
    if row.by_account is not None:
        return "us"
    return "customer" if row.author_id == customer.native_id else "other"


def _mentioned(connection: Connection, case_id: int) -> set[int]:
    return set(connection.execute(select(mentions.c.post_id).where(mentions.c.case_id == case_id)).scalars())


def versions(connection: Connection, post_id: int) -> tuple[str, ...]:
    """Every text a post has had, oldest first."""
    rows = connection.execute(
        select(post_texts.c.text).where(post_texts.c.post_id == post_id).order_by(post_texts.c.version)
    ).scalars()
    return tuple(str(text) for text in rows)


def _verdict(connection: Connection, case_id: int) -> Verdict | None:
    rows = connection.execute(
        select(verdicts)
        .join(mentions, mentions.c.id == verdicts.c.mention_id)
        .join(posts, posts.c.id == mentions.c.post_id)
        .join(cases, cases.c.id == mentions.c.case_id)
        .where(mentions.c.case_id == case_id)
        .order_by(
            (posts.c.id == cases.c.complaint_id).desc(),
            verdicts.c.post_version.desc(),
            verdicts.c.stage.desc(),
            verdicts.c.id.desc(),
        )
        .limit(1)
    ).all()
    return as_verdict(rows[0]) if rows else None


def as_verdict(row: Row[Any]) -> Verdict:
    """A verdict from its row."""
    return Verdict(
        kind=Kind(row.kind),
        probability=row.probability,
        language=row.language,
        mood=row.mood,
        topic=Topic(row.topic),
        urgency=row.urgency,
        reasons=tuple(Reason(*reason) for reason in row.reasons),
        sensitive=row.sensitive,
        stage=row.stage,
        model_version=row.model_version,
    )


def as_case(row: Row[Any]) -> CaseView:
    """A case from its row."""
    return CaseView(
        id=row.id,
        brand=row.brand,
        place=row.place,
        state=CaseState(row.state),
        turn=row.turn,
        urgency=row.urgency,
        topic=Topic(row.topic),
        language=row.language,
        sensitive=row.sensitive,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        snoozed_until=row.snoozed_until,
        shop=row.shop,
        customer_id=row.customer_id,
        conversation_id=row.conversation_id,
        parked_why=row.parked_why,
        thanked=row.thanked,
        erased=row.erased_at is not None,
    )


def _customer(row: Row[Any]) -> Customer:
    return Customer(
        row.id,
        row.place,
        row.native_id,
        row.handle,
        row.name,
        row.do_not_contact_at is not None,
        row.forgotten is not None,
    )


def as_findings(stored: list[dict[str, Any]]) -> tuple[Finding, ...]:
    """Findings from JSON."""
    return tuple(Finding(**finding) for finding in stored)


def as_reach(row: Row[Any]) -> Reach:
    """The reach stored with a proposal."""
    return Reach(ReachHow(row.reach), row.reach_why, row.reach_cost)


def _proposals(connection: Connection, case: Row[Any]) -> tuple[ProposalView, ...]:
    rows = connection.execute(
        select(proposals)
        .where(proposals.c.case_id == case.id, proposals.c.turn == case.turn)
        .order_by(proposals.c.alternative, proposals.c.revision.desc())
    ).all()
    newest: dict[int, Row[Any]] = {}
    for row in rows:
        newest.setdefault(row.alternative, row)
    return tuple(
        ProposalView(
            id=row.id,
            turn=row.turn,
            alternative=row.alternative,
            revision=row.revision,
            text=row.text,
            language=row.language,
            audience=Audience(row.audience),
            purpose=Purpose(row.purpose),
            findings=as_findings(row.findings),
            reach=as_reach(row),
            made_by=row.made_by,
            parent_post=row.parent_post,
        )
        for row in newest.values()
    )


def _replies(connection: Connection, case_id: int) -> tuple[ReplyView, ...]:
    rows = connection.execute(select(replies).where(replies.c.case_id == case_id).order_by(replies.c.id)).all()
    return tuple(
        ReplyView(
            id=row.id,
            state=ReplyState(row.state),
            origin=Origin(row.origin),
            audience=Audience(row.audience),
            purpose=Purpose(row.purpose),
            text=row.approved_text or _outside_text(connection, row),
            place=row.place,
            account=row.account,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
            due_at=row.due_at,
            posted_at=row.posted_at,
            native_id=row.native_id,
            url=row.url,
            why=row.why,
            looks=row.looks,
            removal_due_at=row.removal_due_at,
            corrects=row.corrects,
            seen_turn=row.seen_turn,
        )
        for row in rows
    )


def _outside_text(connection: Connection, row: Row[Any]) -> str:
    post = connection.execute(
        with_texts().where(posts.c.place == row.place, posts.c.native_id == row.native_id)
    ).one_or_none()
    return str(post.text) if post is not None else ""


def _earlier(connection: Connection, case: Row[Any]) -> tuple[CaseView, ...]:
    rows = connection.execute(
        select(cases)
        .where(cases.c.customer_id == case.customer_id, cases.c.id != case.id)
        .order_by(cases.c.opened_at.desc(), cases.c.id.desc())
        .limit(20)
    ).all()
    return tuple(as_case(row) for row in rows)


def _history(connection: Connection, case_id: int) -> tuple[Move, ...]:
    rows = connection.execute(
        select(history, notes.c.text.label("note"))
        .outerjoin(notes, notes.c.id == history.c.note_id)
        .where(history.c.case_id == case_id)
        .order_by(history.c.seq)
    ).all()
    return tuple(Move(row.at, row.who, row.thing, row.thing_id, row.was, row.now_is, row.why, row.note) for row in rows)


def _resolution(connection: Connection, case_id: int) -> Resolution | None:
    row = connection.execute(
        select(resolutions).where(resolutions.c.case_id == case_id).order_by(resolutions.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None or not row.cause:  # empty once the customer was forgotten
        return None
    return Resolution(row.cause, row.remedy, row.prevention, row.by, row.at)

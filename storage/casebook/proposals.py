"""Proposals: immutable texts. Changing one makes a new revision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, not_, or_, select

from storage.casebook.forgotten import check_remembered
from storage.casebook.moves import case_row
from storage.casebook.shelf import Shelf, new_id
from storage.lifecycle import MovedOn
from storage.tables import cases, customers, mentions, posts, proposals, replies
from storage.words import CaseState, Draft, Finding, Purpose, Reach, ReplyState


class Proposals(Shelf):
    """Writes proposals."""

    __slots__ = ()

    def due(self, now: datetime, limit: int = 20) -> tuple[int, ...]:
        """Open cases whose present turn has no proposal yet, worst first."""
        has_one = (
            select(proposals.c.id)
            .where(
                proposals.c.case_id == cases.c.id,
                proposals.c.turn == cases.c.turn,
                proposals.c.alternative == 0,  # the machine's own; see write()
            )
            .exists()
        )
        contactable = (
            select(customers.c.id)
            .where(customers.c.id == cases.c.customer_id, customers.c.do_not_contact_at.is_(None))
            .exists()
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(cases.c.id)
                .where(
                    and_(
                        cases.c.state == CaseState.OPEN,
                        not_(has_one),
                        contactable,
                        or_(cases.c.snoozed_until.is_(None), cases.c.snoozed_until <= now),
                    )
                )
                .order_by(cases.c.urgency.desc(), cases.c.waiting_since, cases.c.id)
                .limit(limit)
            ).scalars()
            return tuple(int(row) for row in rows)

    def store(self, case_id: int, turn: int, drafts: Sequence[Draft], reach: Reach, now: datetime) -> tuple[int, ...]:
        """Keep the alternatives for a turn, best first. Raises MovedOn when the case has moved a turn or they are there already."""
        with self._writing() as connection:
            case = case_row(connection, case_id)
            check_remembered(connection, case)
            if case.turn != turn:
                raise MovedOn("The case has moved on; new proposals will follow.")
            if _latest(connection, case_id, turn, 0) is not None:
                raise MovedOn("There are proposals for this turn already.")
            parent = newest_post(connection, case)
            first_free = max(1, _next_alternative(connection, case))
            numbers = (0, *range(first_free, first_free + len(drafts)))
            return tuple(
                _insert(connection, case, parent, number, 0, draft, reach, now)
                for number, draft in zip(numbers, drafts, strict=False)
            )

    def write(
        self,
        case_id: int,
        draft: Draft,
        reach: Reach,
        now: datetime,
        *,
        corrects: int | None = None,
    ) -> int:
        """A text of somebody's own as a further alternative; with `corrects`, the posted reply it sets right."""
        with self._writing() as connection:
            case = case_row(connection, case_id)
            check_remembered(connection, case)
            number = _next_alternative(connection, case)
            parent = newest_post(connection, case)
            if corrects is not None:
                parent = _answered_post(connection, case_id, corrects)
            # Alternative 0 is the machine's; somebody's own text must not keep it from proposing.
            return _insert(connection, case, parent, max(1, number), 0, draft, reach, now, corrects=corrects)

    def revise(self, proposal_id: int, text: str, findings: Sequence[Finding], by: str, now: datetime) -> int:
        """The proposal with another text, as a new revision; the same text gives the same proposal."""
        with self._writing() as connection:
            row = connection.execute(select(proposals).where(proposals.c.id == proposal_id)).one_or_none()
            if row is None:
                raise MovedOn("There is no such proposal.")
            check_remembered(connection, case_row(connection, row.case_id))
            if row.text == text:
                return proposal_id
            newest = _latest(connection, row.case_id, row.turn, row.alternative)
            revision = (newest.revision if newest is not None else row.revision) + 1
            values = {column.name: getattr(row, column.name) for column in proposals.columns if column.name != "id"}
            values |= {
                "revision": revision,
                "text": text,
                "findings": plain_findings(findings),
                "made_by": by,
                "made_at": now,
            }
            added = connection.execute(insert(proposals).values(**values))
            return new_id(added)


def _next_alternative(connection: Connection, case: Row[Any]) -> int:
    highest = connection.execute(
        select(func.max(proposals.c.alternative)).where(proposals.c.case_id == case.id, proposals.c.turn == case.turn)
    ).scalar()
    return 0 if highest is None else int(highest) + 1


def _insert(
    connection: Connection,
    case: Row[Any],
    parent: int,
    alternative: int,
    revision: int,
    draft: Draft,
    reach: Reach,
    now: datetime,
    *,
    corrects: int | None = None,
) -> int:
    purpose = Purpose.CORRECT if corrects is not None else draft.purpose
    added = connection.execute(
        insert(proposals).values(
            brand=case.brand,
            case_id=case.id,
            turn=case.turn,
            alternative=alternative,
            revision=revision,
            parent_post=parent,
            text=draft.text,
            language=draft.language,
            audience=draft.audience,
            purpose=purpose,
            findings=plain_findings(draft.findings),
            reach=reach.how,
            reach_why=reach.why,
            reach_cost=reach.cost,
            made_by=draft.made_by,
            corrects=corrects,
            made_at=now,
        )
    )
    return new_id(added)


def newest_post(connection: Connection, case: Row[Any]) -> int:
    """The customer's newest standing post of the case: what a reply goes under. The complaint when all have gone."""
    found = connection.execute(
        select(posts.c.id)
        .join(mentions, mentions.c.post_id == posts.c.id)
        .where(mentions.c.case_id == case.id, posts.c.deleted_at.is_(None))
        .order_by(posts.c.created_at.desc(), posts.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return int(found if found is not None else case.complaint_id)


def _answered_post(connection: Connection, case_id: int, reply_id: int) -> int:
    found = connection.execute(
        select(replies.c.parent_post).where(
            replies.c.id == reply_id,
            replies.c.case_id == case_id,
            replies.c.state == ReplyState.POSTED,
        )
    ).scalar_one_or_none()
    if found is None:
        raise MovedOn("Only a reply that is up can be corrected.")
    return int(found)


def _latest(connection: Connection, case_id: int, turn: int, alternative: int) -> Row[Any] | None:
    return connection.execute(
        select(proposals)
        .where(
            proposals.c.case_id == case_id,
            proposals.c.turn == turn,
            proposals.c.alternative == alternative,
        )
        .order_by(proposals.c.revision.desc())
        .limit(1)
    ).one_or_none()


def plain_findings(findings: Sequence[Finding]) -> Any:
    """Findings as JSON keeps them."""
    return json.loads(json.dumps([asdict(finding) for finding in findings]))

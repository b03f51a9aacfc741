"""Reading for pages, the digest and due work. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Engine, Row, and_, case, false, func, or_, select

from storage.case_file import (
    as_findings,
    as_reach,
    read_case_file,
)
from storage.casebook.blindness import windows
from storage.casebook.cases import unanswered_old, what_came_first
from storage.casebook.moves import case_row
from storage.casebook.pauses import not_paused
from storage.casebook.posts import with_texts
from storage.casebook.sources import all_sources
from storage.engine import reading
from storage.lifecycle import LIVE_CASES
from storage.tables import (
    accounts,
    brands,
    cases,
    customers,
    digests,
    history,
    lessons,
    mentions,
    pauses,
    people,
    post_texts,
    posts,
    proposals,
    quarantine,
    replies,
    sources,
    verdicts,
)
from storage.views import (
    BlindWindow,
    CaseFile,
    Counts,
    Inbox,
    InboxRow,
    LateReply,
    Lists,
    SourceState,
    Unraised,
    Whereabouts,
)
from storage.words import CaseState, Kind, Origin, ReplyState, Topic

FIRST_WORDS = 280
"""How much of a post a list shows."""

LONG_WAIT = timedelta(days=1)
"""From when on a case that waits goes up by one step of urgency."""

LATE = timedelta(minutes=30)
"""An approved reply not settled by then is late: the longest hold is 15 minutes, and going out takes seconds."""
LATE_LOOK = timedelta(hours=1)
"""So long may we look for a reply before it counts as late: two looks and a repeat take less than that on every place."""


_IN_HAND = (ReplyState.APPROVED, ReplyState.SENDING, ReplyState.UNCERTAIN, ReplyState.BY_HAND)


class Reading:
    """Views over the base, each one moment of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def inbox(self, now: datetime, brand: str | None = None, limit: int = 50, after: int = 0) -> Inbox:
        """Open cases that wait for a proposal to be approved, worst first, from the `after`-th on."""
        where = and_(
            cases.c.state == CaseState.OPEN,
            ~cases.c.thanked,
            cases.c.parked_why.is_(None),
            _awake(now),
            ~_has_reply(_IN_HAND),
            _of(brand),
        )
        with reading(self.engine) as connection:
            total = connection.execute(select(func.count()).select_from(cases).where(where)).scalar_one()
            return Inbox(_rows(connection, where, now, limit, after), int(total))

    def lists(self, now: datetime, brand: str | None = None, limit: int = 50) -> Lists:
        """What waits for a person, beside the inbox: to post by hand, parked, ready to close, held."""
        live = and_(cases.c.state.in_(sorted(LIVE_CASES)), _of(brand))
        wheres = (
            and_(_of(brand), _has_reply((ReplyState.BY_HAND,))),
            and_(
                _of(brand),
                ~_has_reply((ReplyState.BY_HAND,)),
                # Whether a reply went out is asked even when the case itself has been dismissed meanwhile.
                or_(and_(cases.c.state != CaseState.DISMISSED, cases.c.parked_why.is_not(None)), _has_stuck_reply()),
            ),
            and_(
                live,
                cases.c.thanked,
                cases.c.parked_why.is_(None),
                ~_has_reply(_IN_HAND),
                _awake(now),
            ),
            and_(_of(brand), _has_reply((ReplyState.APPROVED, ReplyState.SENDING))),
        )
        with reading(self.engine) as connection:
            return Lists(*(_rows(connection, where, now, limit, 0) for where in wheres))

    def snoozed(self, now: datetime, brand: str | None = None, limit: int = 50) -> tuple[InboxRow, ...]:
        """Open cases out of sight for now."""
        where = and_(cases.c.state == CaseState.OPEN, cases.c.snoozed_until > now, _of(brand))
        with reading(self.engine) as connection:
            return _rows(connection, where, now, limit, 0)

    def in_state(
        self,
        states: Sequence[CaseState],
        now: datetime,
        brand: str | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> Inbox:
        """Cases in these states, newest change first."""
        where = and_(cases.c.state.in_(sorted(states)), _of(brand))
        with reading(self.engine) as connection:
            total = connection.execute(select(func.count()).select_from(cases).where(where)).scalar_one()
            return Inbox(_rows(connection, where, now, limit, after, newest=True), int(total))

    def case(self, case_id: int) -> CaseFile | None:
        """Everything about one case, or None."""
        with reading(self.engine) as connection:
            return read_case_file(connection, case_id)

    def what_came_first(self, case_id: int, now: datetime) -> str:
        """Who or what moved a case a turn, as a sentence for whoever looked before. Raises MovedOn when there is no such case."""
        with reading(self.engine) as connection:
            return what_came_first(connection, case_row(connection, case_id), now)

    def older_complaints(self, brand: str, now: datetime) -> int:  # noqa: ARG002
        """How many older complaints nobody ever answered."""
        with reading(self.engine) as connection:
            query = select(func.count()).select_from(unanswered_old(brand).subquery())
            return int(connection.execute(query).scalar_one())

    def old_answer(self, brand: str) -> bool | None:
        """Whether older complaints are answered one a day; None while the owner has not said."""
        with reading(self.engine) as connection:
            return connection.execute(select(brands.c.old_one_a_day).where(brands.c.key == brand)).scalar_one_or_none()

    def unraised(self, brands: Sequence[str], before: int | None, limit: int) -> tuple[Unraised, ...]:
        """Mentions of some brands that raised no case, or one that the machine took back before anybody touched it, newest first, from those
        older than the mention `before` on."""
        with reading(self.engine) as connection:
            # Brand by brand, since an index has each brand's newest at hand.
            found = [row for brand in brands for row in connection.execute(_unraised_of(brand, before, limit))]
            newest = sorted(found, key=lambda row: (row.found_at, row.mention_id), reverse=True)[:limit]
            told = _newest_verdicts(connection, [row.mention_id for row in newest])
        return tuple(_unraised(row, told[row.mention_id]) for row in newest if row.mention_id in told)

    def where_is(self, mention_id: int) -> Whereabouts | None:
        """Whose a mention is, and the case it belongs to; None when there is no such mention."""
        query = (
            select(
                mentions.c.brand,
                mentions.c.case_id,
                cases.c.id.is_not(None).label("raised_it"),
                func.coalesce(_taken_back(), false()).label("taken_back"),
            )
            .outerjoin(cases, _stands_on_it())
            .where(mentions.c.id == mention_id)
        )
        with reading(self.engine) as connection:
            row = connection.execute(query).one_or_none()
        return Whereabouts(*row) if row is not None else None

    def who_raised(self, brand: str, since: datetime) -> Mapping[int, str]:
        """Who raised a case, by the mention that it stands on: "machine", "person:3", or "" where the machine took it back unseen. What
        customers added to cases is not among them."""
        query = (
            select(mentions.c.id, history.c.who, _taken_back().label("taken_back"))
            .join(cases, _stands_on_it())
            .join(history, (history.c.case_id == cases.c.id) & (history.c.seq == 1))
            .where(mentions.c.brand == brand, mentions.c.found_at >= since)
        )
        with reading(self.engine) as connection:
            return {row.id: "" if row.taken_back else str(row.who) for row in connection.execute(query)}

    def counts(self, now: datetime, brand: str | None = None) -> Counts:  # noqa: ARG002
        """How many cases in each state, mentions, and newest verdicts of each kind."""
        newest = select(func.max(verdicts.c.id)).group_by(verdicts.c.mention_id).scalar_subquery()
        of_case = cases.c.brand == brand if brand else cases.c.id > 0
        of_mention = mentions.c.brand == brand if brand else mentions.c.id > 0
        of_verdict = verdicts.c.brand == brand if brand else verdicts.c.id > 0
        with reading(self.engine) as connection:
            states = connection.execute(
                select(cases.c.state, func.count()).where(of_case).group_by(cases.c.state)
            ).all()
            kinds = connection.execute(
                select(verdicts.c.kind, func.count())
                .where(verdicts.c.id.in_(newest), of_verdict)
                .group_by(verdicts.c.kind)
            ).all()
            found = connection.execute(select(func.count()).select_from(mentions).where(of_mention)).scalar_one()
        by_state = dict.fromkeys(CaseState, 0) | {CaseState(row[0]): int(row[1]) for row in states}
        by_kind = dict.fromkeys(Kind, 0) | {Kind(row[0]): int(row[1]) for row in kinds}
        return Counts(by_state, int(found), by_kind)

    def approved_so_far(self, brand: str) -> int:
        """How many replies people have approved for this brand: the first ones are held longer."""
        with reading(self.engine) as connection:
            return int(
                connection.execute(
                    select(func.count()).where(replies.c.brand == brand, replies.c.approved_by.is_not(None))
                ).scalar_one()
            )

    def sources(self) -> tuple[SourceState, ...]:
        """How every source is doing."""
        with reading(self.engine) as connection:
            return all_sources(connection)

    def blind_windows(self, since: datetime, limit: int = 50) -> tuple[BlindWindow, ...]:
        """Times in which a source was not read, ended after `since`, newest first."""
        with reading(self.engine) as connection:
            return windows(connection, since, limit)

    def late_replies(self, now: datetime) -> tuple[LateReply, ...]:
        """Approved replies that should be settled by now and are not, nor wait for a person, by brand and place, oldest first."""
        waiting = replies.c.state.in_([ReplyState.APPROVED, ReplyState.SENDING]) & (replies.c.approved_at < now - LATE)
        unseen = (
            (replies.c.state == ReplyState.UNCERTAIN)
            & replies.c.look_at.is_not(None)
            & (replies.c.sent_at < now - LATE_LOOK)
        )
        query = (
            select(replies.c.brand, replies.c.place, replies.c.approved_at, replies.c.why)
            .where(or_(waiting, unseen), not_paused(replies.c.brand))
            .order_by(replies.c.approved_at, replies.c.id)
        )
        late: dict[tuple[str, str], LateReply] = {}
        with reading(self.engine) as connection:
            for row in connection.execute(query):
                known = late.get((row.brand, row.place))
                late[row.brand, row.place] = LateReply(
                    brand=row.brand,
                    place=row.place,
                    number=known.number + 1 if known else 1,
                    since=known.since if known else row.approved_at,
                    why=row.why or (known.why if known else None),
                )
        return tuple(late.values())

    def quarantined(self, limit: int = 50) -> tuple[tuple[datetime, str, str, str], ...]:
        """Posts that could not be read: (when, source, why, the beginning of what came), newest first."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(quarantine).order_by(quarantine.c.id.desc()).limit(limit)).all()
        return tuple((row.at, row.source_key, row.why, row.raw[:FIRST_WORDS]) for row in rows)

    def people_names(self) -> dict[int, str]:
        """Names by person id."""
        with reading(self.engine) as connection:
            return {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}

    def pulse(self) -> int:
        """A number that changes whenever something a page shows has changed, and is the same for every process.

        Cheap enough to ask for every second: the newest ids, and counts over narrow indexes.
        """
        grown = (history, mentions, proposals, verdicts, pauses, quarantine, accounts, people)
        parts = [select(func.coalesce(func.max(table.c.id), 0)) for table in grown]
        parts += [
            select(func.count()).where(post_texts.c.version > 1),
            select(func.count()).where(posts.c.deleted_at.is_not(None)),
            select(func.count()).where(pauses.c.ended_at.is_not(None)),
            select(func.count()).where(digests.c.state == "failed"),
        ]
        with reading(self.engine) as connection:
            told = [
                connection.execute(select(*(part.scalar_subquery() for part in parts))).one(),
                connection.execute(select(func.max(cases.c.changed_at))).one(),
                connection.execute(select(func.sum(replies.c.looks), func.max(replies.c.changed_at))).one(),
                connection.execute(select(func.sum(sources.c.failures), func.count(sources.c.last_error))).one(),
                connection.execute(select(func.max(brands.c.changed_at))).one(),
            ]
        return crc32(repr([tuple(row) for row in told]).encode())


def _stands_on_it() -> Any:
    """Of a case and a mention: the one was raised by the other, and did not only grow by it."""
    return (cases.c.id == mentions.c.case_id) & (cases.c.complaint_id == mentions.c.post_id)


def _taken_back() -> Any:
    """Of a case: the machine closed it before a person did anything about it."""
    return (cases.c.state == CaseState.DISMISSED) & ~cases.c.touched


def _unraised_of(brand: str, before: int | None, limit: int) -> Any:
    query = (
        with_texts()
        .add_columns(
            mentions.c.id.label("mention_id"), mentions.c.brand.label("of_brand"), mentions.c.found_at, mentions.c.aside,
            lessons.c.is_complaint, lessons.c.kind.label("told_kind"), cases.c.id.label("taken_back"),
        )
        .join(mentions, mentions.c.post_id == posts.c.id)
        .outerjoin(lessons, (lessons.c.brand == mentions.c.brand) & (lessons.c.mention_id == mentions.c.id))
        .outerjoin(cases, _stands_on_it() & _taken_back())
        .where(
            mentions.c.brand == brand,
            or_(mentions.c.case_id.is_(None), cases.c.id.is_not(None)),
            posts.c.deleted_at.is_(None),
        )
        .order_by(mentions.c.found_at.desc(), mentions.c.id.desc())
        .limit(limit)
    )  # fmt: skip
    if before is None:
        return query
    last = mentions.alias("last")
    at = select(last.c.found_at).where(last.c.id == before).scalar_subquery()
    return query.where(or_(mentions.c.found_at < at, (mentions.c.found_at == at) & (mentions.c.id < before)))


def _newest_verdicts(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    rows = connection.execute(
        select(verdicts.c.mention_id, verdicts.c.kind, verdicts.c.language, verdicts.c.reasons)
        .where(verdicts.c.mention_id.in_(list(ids)))
        .order_by(verdicts.c.id)
    ).all()
    return {row.mention_id: row for row in rows}


def _unraised(row: Row[Any], verdict: Any) -> Unraised:
    return Unraised(
        mention_id=row.mention_id,
        brand=row.of_brand,
        place=row.place,
        handle=row.author_handle,
        name=row.author_name,
        url=row.url,
        title=row.title,
        text=row.text,
        rating=row.rating,
        found_at=row.found_at,
        language=verdict.language,
        kind=Kind(verdict.kind),
        reason_code=str(verdict.reasons[0][0]) if verdict.reasons else "",
        reason=str(verdict.reasons[0][1]) if verdict.reasons else "",
        aside=row.aside,
        taken_back=row.taken_back is not None,
        told=row.is_complaint,
        told_kind=Kind(row.told_kind) if row.told_kind is not None else None,
    )


def _of(brand: str | None) -> Any:
    return cases.c.brand == brand if brand else cases.c.id > 0


def _awake(now: datetime) -> Any:
    return or_(cases.c.snoozed_until.is_(None), cases.c.snoozed_until <= now)


def _has_reply(states: Sequence[ReplyState]) -> Any:
    return select(replies.c.id).where(replies.c.case_id == cases.c.id, replies.c.state.in_(list(states))).exists()


def _has_stuck_reply() -> Any:
    return (
        select(replies.c.id)
        .where(
            replies.c.case_id == cases.c.id,
            replies.c.state == ReplyState.UNCERTAIN,
        )
        .exists()
    )


def _rows(
    connection: Connection,
    where: Any,
    now: datetime,
    limit: int,
    after: int,
    *,
    newest: bool = False,
) -> tuple[InboxRow, ...]:
    order = (
        (cases.c.changed_at.desc(), cases.c.id.desc())
        if newest
        else ((cases.c.urgency + _waits_long(now)).desc(), cases.c.waiting_since, cases.c.id)
    )
    found = connection.execute(
        select(cases, customers.c.handle, customers.c.name)
        .join(customers, customers.c.id == cases.c.customer_id)
        .where(where)
        .order_by(*order)
        .limit(limit)
        .offset(after)
    ).all()
    ids = [row.id for row in found]
    texts = _newest_posts(connection, ids)
    proposed = _proposals(connection, found)
    latest = _replies(connection, ids)
    return tuple(_row(row, texts.get(row.id, []), proposed.get(row.id), latest.get(row.id), now) for row in found)


def _waits_long(now: datetime) -> Any:
    """Who has waited for a day goes before others as grave."""
    return case((cases.c.waiting_since <= now - LONG_WAIT, 1), else_=0)


def _newest_posts(connection: Connection, ids: list[int]) -> dict[int, list[Row[Any]]]:
    rows = connection.execute(
        with_texts()
        .add_columns(mentions.c.case_id)
        .join(mentions, mentions.c.post_id == posts.c.id)
        .where(mentions.c.case_id.in_(ids))
        .order_by(posts.c.deleted_at.is_not(None), posts.c.created_at.desc(), posts.c.id.desc())
    ).all()
    grouped: dict[int, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.case_id, []).append(row)
    return grouped


def _proposals(connection: Connection, found: Sequence[Row[Any]]) -> dict[int, Row[Any]]:
    turns = {row.id: row.turn for row in found}
    rows = connection.execute(
        select(proposals)
        .where(proposals.c.case_id.in_(list(turns)), proposals.c.alternative == 0)
        .order_by(proposals.c.revision)
    ).all()
    return {row.case_id: row for row in rows if turns[row.case_id] == row.turn}


def _replies(connection: Connection, ids: list[int]) -> dict[int, Row[Any]]:
    rows = connection.execute(
        select(replies).where(replies.c.case_id.in_(ids), replies.c.origin != Origin.OUTSIDE).order_by(replies.c.id)
    ).all()
    latest: dict[int, Row[Any]] = {}
    for row in rows:
        shown = latest.get(row.case_id)
        if shown is None or row.state in _IN_HAND or shown.state not in _IN_HAND:
            latest[row.case_id] = row
    return latest


def _row(
    case: Row[Any],
    written: list[Row[Any]],
    proposal: Row[Any] | None,
    reply: Row[Any] | None,
    now: datetime,
) -> InboxRow:
    newest = written[0] if written else None
    said = f"{newest.title}\n{newest.text}".strip() if newest is not None else ""
    return InboxRow(
        case_id=case.id,
        brand=case.brand,
        place=case.place,
        handle=case.handle,
        name=case.name,
        text=said if len(said) <= FIRST_WORDS else f"{said[: FIRST_WORDS - 1].rstrip()}…",
        url=newest.url if newest is not None else None,
        urgency=case.urgency,
        topic=Topic(case.topic),
        language=case.language,
        state=CaseState(case.state),
        turn=case.turn,
        opened_at=case.opened_at,
        waiting=max(now - case.waiting_since, now - now),
        proposal_id=proposal.id if proposal is not None else None,
        proposal=proposal.text if proposal is not None else None,
        proposal_by=proposal.made_by if proposal is not None else None,
        findings=as_findings(proposal.findings) if proposal is not None else (),
        reach=as_reach(proposal) if proposal is not None else None,
        customer_posts=len(written),
        reply_id=reply.id if reply is not None else None,
        reply_state=ReplyState(reply.state) if reply is not None else None,
        reply_due_at=reply.due_at if reply is not None else None,
        reply_why=reply.why if reply is not None else None,
        snoozed_until=case.snoozed_until,
        shop=case.shop,
        parked_why=case.parked_why,
    )
